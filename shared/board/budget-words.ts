/**
 * Budgets in words, for people: amounts, and how much of a limit is used. Pure.
 */
import type { BudgetMark } from '../../schemas/index.ts';
import { formatDuration } from '../config/durations.ts';

/** `1,650,000 tokens`, `$8.31`, `1h30m`. */
export function amountText(what: BudgetMark['what'], amount: number): string {
  switch (what) {
    case 'tokens':
      return `${grouped(amount)} tokens`;
    case 'cost_usd':
      return `$${amount.toFixed(amount > 0 && amount < 0.01 ? 6 : 2)}`;
    case 'duration_ms':
      return formatDuration(amount);
  }
}

/** Groups of three digits, the same in every locale. */
const grouped = (amount: number): string => String(amount).replace(/\B(?=(\d{3})+$)/g, ',');

/** `project demo`, `task t-1`. */
export const scopeText = ({ scope, name }: BudgetMark): string => `${scope} ${name}`;

/** `$9.60 of $10.00 a day used`. */
export const usedText = (mark: BudgetMark): string =>
  `${amountText(mark.what, mark.used)} of ${limitText(mark)} used`;

/** `$10.00 a day`. */
export const limitText = ({ what, limit, day }: BudgetMark): string =>
  `${amountText(what, limit)}${day === undefined ? '' : ' a day'}`;

/** Why a run is ended, or a task not opened again. */
export const usedUpText = (mark: BudgetMark): string =>
  `the budget of ${scopeText(mark)} is used up: ${usedText(mark)}`;
