/**
 * What a replay counted: for each kind of action how often the log has it, and what the board said to it. Pure.
 */
import type { Violations } from './referee.ts';

/** The board's word for an action. `repeated`: it was so already, and nothing happened. */
export type Verdict =
  | { readonly kind: 'accepted' | 'repeated' }
  | { readonly kind: 'refused'; readonly code: string };

/** A kind of action, e.g. the starts of tasks that somebody else had. */
export interface ActionRow {
  readonly action: string;
  readonly conduct: string;
  readonly in_log: number;
  readonly accepted: number;
  readonly repeated: number;
  readonly refused: number;
  /** The refusals by the board's code. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** What the log itself shows, by the tracker's rules. */
export interface LogConduct {
  starts: number;
  starts_of_held: number;
  starts_within_60s: number;
  early_takeovers: number;
  starts_of_closed: number;
  starts_of_blocked: number;
  closes: number;
  closes_again: number;
  foreign_closes: number;
  closes_not_started: number;
}

export interface ReplayResult {
  readonly in_log: Readonly<LogConduct>;
  readonly actions: readonly ActionRow[];
  readonly accepted: number;
  readonly repeated: number;
  readonly refused: number;
  /** All refusals by the board's code. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Accepted starts that took a task over. */
  readonly takeovers: number;
  /** What the board should never have let happen. */
  readonly violations: Readonly<Violations>;
  /** Events that move nothing: comments, epics, priorities. */
  readonly not_replayed: number;
  /** Events about tasks whose ids cannot be ids here. */
  readonly bad_ids: number;
  readonly tasks: number;
  readonly actors: number;
  /** Actors with another name here. */
  readonly renamed: readonly { readonly actor: string; readonly agent: string }[];
  /** Virtual time, in ms since the epoch. */
  readonly from?: number;
  readonly to?: number;
}

interface Row {
  inLog: number;
  accepted: number;
  repeated: number;
  readonly refused: Map<string, number>;
}

export class ReplayTally {
  readonly #rows = new Map<string, Row>();
  readonly inLog: LogConduct = {
    starts: 0,
    starts_of_held: 0,
    starts_within_60s: 0,
    early_takeovers: 0,
    starts_of_closed: 0,
    starts_of_blocked: 0,
    closes: 0,
    closes_again: 0,
    foreign_closes: 0,
    closes_not_started: 0,
  };

  count(action: string, conduct: string, verdict: Verdict): void {
    const key = `${action}/${conduct}`;
    const row = this.#rows.get(key) ?? { inLog: 0, accepted: 0, repeated: 0, refused: new Map() };
    this.#rows.set(key, row);
    row.inLog += 1;
    if (verdict.kind === 'refused') row.refused.set(verdict.code, (row.refused.get(verdict.code) ?? 0) + 1);
    else row[verdict.kind] += 1;
  }

  /** The rows in the given order of their keys (`start/closed`); others after them. */
  rows(order: readonly string[]): ActionRow[] {
    const place = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length);
    return [...this.#rows]
      .sort(([one], [other]) => place(one) - place(other))
      .map(([key, row]) => {
        const [action = '', conduct = ''] = key.split('/');
        const reasons = Object.fromEntries(row.refused);
        const refused = sum(row.refused.values());
        return {
          action,
          conduct,
          in_log: row.inLog,
          accepted: row.accepted,
          repeated: row.repeated,
          refused,
          reasons,
        };
      });
  }
}

/** The refusals of all rows by code. */
export function reasonsOf(rows: readonly ActionRow[]): Record<string, number> {
  const all = new Map<string, number>();
  for (const { reasons } of rows) {
    for (const [code, count] of Object.entries(reasons)) all.set(code, (all.get(code) ?? 0) + count);
  }
  return Object.fromEntries([...all].sort(([, one], [, other]) => other - one));
}

function sum(counts: Iterable<number>): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
