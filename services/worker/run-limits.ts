/**
 * The limits of one run of a harness that goes on from run to run: its time, and what it may use. Those of a harness with
 * one run alone are its own.
 */
import type { BudgetLimit, Usage } from '../../schemas/index.ts';
import type { Clock } from '../../shared/clock.ts';
import type { LimitName } from '../../shared/harness/limits.ts';
import type { HarnessProfile } from '../../shared/harness/profile.ts';
import { tokensOf } from '../../shared/harness/usage.ts';

/** Longest sleep that timers take: 24 days. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

export class RunLimits {
  readonly #end = new AbortController();
  readonly #budget: BudgetLimit;
  readonly #reach: (limit: LimitName) => void;

  /** Begins to watch a run that may take so long. `reach` is called at most once for each limit. */
  constructor(
    { timeoutMs, budget = {} }: { readonly timeoutMs: number | undefined; readonly budget?: BudgetLimit },
    clock: Pick<Clock, 'sleep'>,
    reach: (limit: LimitName) => void,
  ) {
    this.#budget = budget;
    this.#reach = reach;
    if (timeoutMs === undefined || timeoutMs > LONGEST_SLEEP_MS) return;
    clock.sleep(timeoutMs, this.#end.signal).then(
      () => reach('wall'),
      () => undefined,
    );
  }

  /** The run has used that. */
  used(usage: Usage | undefined): void {
    if (this.#end.signal.aborted) return;
    const { tokens, cost_usd } = this.#budget;
    if (tokens !== undefined && tokensOf(usage) >= tokens) this.#reach('tokens');
    else if (cost_usd !== undefined && (usage?.cost_usd ?? 0) >= cost_usd) this.#reach('cost');
  }

  /** The run is over. */
  stop(): void {
    this.#end.abort();
  }
}

/** How long a run may take: as its profile says, or its budget. */
export function timeoutOf(
  { timeoutMs = Number.POSITIVE_INFINITY }: Pick<HarnessProfile, 'timeoutMs'>,
  budgetMs = Number.POSITIVE_INFINITY,
): number | undefined {
  const least = Math.min(timeoutMs, budgetMs);
  return Number.isFinite(least) ? least : undefined;
}
