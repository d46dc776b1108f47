/**
 * Budgets from the words of `waggle.yaml` to what the board enforces. Pure.
 */
import type { Budget, BudgetLimit, Budgets, ConfigFile } from '../../schemas/index.ts';
import { parseDuration } from './durations.ts';
import { parseTokens } from './tokens.ts';

type BudgetsFile = NonNullable<ConfigFile['budgets']>;
type BudgetFile = NonNullable<BudgetsFile['project']>;

/** The budgets of a checked file. */
export function compileBudgets({ run, task, profile, project }: BudgetsFile): Budgets {
  return {
    ...(run === undefined ? {} : { run: compileLimit(run) }),
    ...(task === undefined ? {} : { task: compileLimit(task) }),
    ...(profile === undefined ? {} : { profile: compileBudget(profile) }),
    ...(project === undefined ? {} : { project: compileBudget(project) }),
  };
}

/** One that may count days anew. */
export const compileBudget = (file: BudgetFile): Budget => ({
  ...compileLimit(file),
  ...(file.per === undefined ? {} : { per: file.per }),
});

function compileLimit({ tokens, cost, duration }: Omit<BudgetFile, 'per'>): BudgetLimit {
  const count = tokens === undefined ? undefined : parseTokens(tokens);
  const ms = duration === undefined ? undefined : parseDuration(duration);
  return {
    ...(count === undefined ? {} : { tokens: count }),
    ...(cost === undefined ? {} : { cost_usd: cost }),
    ...(ms === undefined ? {} : { duration_ms: ms }),
  };
}
