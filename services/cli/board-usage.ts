/**
 * What the board knows of profiles, budgets and usage, asked for so that a leader of an older version, which knows
 * none of it, is told apart from one that refuses.
 */
import type { BudgetMark, Query, QueryAnswerOf, UsageRow } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { isWaggleError, WaggleError } from '../../shared/errors.ts';

export type BoardProfiles = Pick<QueryAnswerOf<'profiles'>, 'profiles' | 'pools' | 'budgets'>;

/** Profiles, pools and budgets; undefined when the leader is older than such questions. */
export async function askProfiles(
  client: BoardClient,
  signal: AbortSignal,
): Promise<BoardProfiles | undefined> {
  try {
    return await client.query<'profiles'>({ v: 1, kind: 'profiles' }, signal);
  } catch (error) {
    // It cannot read the question, and says so: our words are valid, or they would not have left.
    if (isWaggleError(error, 'refused') && error.details['reason'] === 'invalid') return undefined;
    throw error;
  }
}

/** What to tell somebody who asked such a leader. */
export function tooOld(): WaggleError {
  const message =
    'the leader is of an older version and knows nothing of this; start an orchestrator of this one';
  return new WaggleError('refused', { message, reason: 'older-leader' });
}

export interface WholeUsage {
  readonly rows: readonly UsageRow[];
  readonly total: UsageRow;
  readonly budgets: readonly BudgetMark[];
}

type UsageChoice = Pick<Extract<Query, { kind: 'usage' }>, 'by' | 'since'>;

/** All pages. Errors: `refused`, also by an older leader. */
export async function askUsage(
  client: BoardClient,
  choice: UsageChoice,
  signal: AbortSignal,
): Promise<WholeUsage> {
  const rows: UsageRow[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await usagePage(client, { ...choice, ...(after === undefined ? {} : { after }) }, signal);
    rows.push(...page.rows);
    const { total, budgets, next } = page;
    // A page that leads back to itself would be asked for for ever.
    if (next === undefined || next === after) return { rows, total, budgets };
    after = next;
  }
}

async function usagePage(
  client: BoardClient,
  choice: UsageChoice & { readonly after?: string },
  signal: AbortSignal,
): Promise<QueryAnswerOf<'usage'>> {
  try {
    return await client.query<'usage'>({ v: 1, kind: 'usage', ...choice }, signal);
  } catch (error) {
    if (isWaggleError(error, 'refused') && error.details['reason'] === 'invalid') throw tooOld();
    throw error;
  }
}
