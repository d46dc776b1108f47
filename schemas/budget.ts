/**
 * Budgets: what runs, tasks, profiles and the project may use, in tokens (input and output together), US dollars and
 * time. At 80 % people are warned, at 95 % nothing new is granted, at 100 % runs are ended.
 */
import { Type } from 'typebox';
import { Line, Strict, Words } from './common.ts';

/** An absent limit is none. */
export const BudgetLimit = Strict({
  tokens: Type.Optional(Type.Integer({ minimum: 1 })),
  cost_usd: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  duration_ms: Type.Optional(Type.Integer({ minimum: 1 })),
});
export type BudgetLimit = Type.Static<typeof BudgetLimit>;

/** `per`: `day` counts each day (UTC) anew; default `total`. */
export const Budget = Strict({
  ...BudgetLimit.properties,
  per: Type.Optional(Words(['day', 'total'])),
});
export type Budget = Type.Static<typeof Budget>;

export const BudgetScope = Words(['task', 'profile', 'project']);
export type BudgetScope = Type.Static<typeof BudgetScope>;
export const BudgetLevel = Words(['warn', 'pause', 'stop']);
export type BudgetLevel = Type.Static<typeof BudgetLevel>;

/** What a budget says now. `what`: the limit that is used most, of `limit`; `share`: how much of it is used. */
export const BudgetMark = Strict({
  scope: BudgetScope,
  /** The task, the profile, or the project. */
  name: Line,
  what: Words(['tokens', 'cost_usd', 'duration_ms']),
  used: Type.Number({ minimum: 0 }),
  limit: Type.Number({ exclusiveMinimum: 0 }),
  /** `2026-03-01`; absent: all of it. */
  day: Type.Optional(Line),
  level: Type.Optional(BudgetLevel),
});
export type BudgetMark = Type.Static<typeof BudgetMark>;
