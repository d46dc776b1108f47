/**
 * Budgets: how much of what a task, a profile and the project may use is used, and what follows from that. Pure, and
 * from the board alone: raising a budget in the configuration lifts what it held back. Days are UTC.
 *
 * A budget has several limits; the one that is used most speaks for it.
 */
import type {
  BoardConfig,
  Budget,
  BudgetLevel,
  BudgetLimit,
  BudgetMark,
  EventOf,
  Grant,
  Task,
  Usage,
} from '../../schemas/index.ts';
import { entryOf } from './lookup.ts';
import { type Board, isTerminal } from './state.ts';
import { addUsage, exact, growthOf, none, tokensOf } from './usage.ts';
import { utcDay } from './usage-book.ts';

type What = BudgetMark['what'];

/** From which share on people are warned, nothing new is granted, and runs are ended. */
function levelAt(share: number): BudgetLevel | undefined {
  if (share >= 1) return 'stop';
  if (share >= 0.95) return 'pause';
  return share >= 0.8 ? 'warn' : undefined;
}
const order: Readonly<Record<BudgetLevel, number>> = { warn: 1, pause: 2, stop: 3 };
/** A run under way is heard of when it used so much more of a limit. */
const TOLD_SHARE = 0.01;
/** What all runs together may have used of a limit unheard: between the pause and the end there is no more. */
const UNHEARD_SHARE = 0.05;

const whats: readonly What[] = ['tokens', 'cost_usd', 'duration_ms'];
const amountOf = (usage: Usage, what: What): number =>
  what === 'tokens' ? tokensOf(usage) : (usage[what] ?? 0);

/** How much of the budget is used; more than 1 is possible. */
export const shareOf = ({ used, limit }: BudgetMark): number => used / limit;

export const isPaused = (mark: BudgetMark | undefined): boolean => reaches(mark, 'pause');
export const isUsedUp = (mark: BudgetMark | undefined): boolean => reaches(mark, 'stop');

const reaches = ({ level }: Partial<BudgetMark> = {}, wanted: BudgetLevel): boolean =>
  level !== undefined && order[level] >= order[wanted];

/** `more`: what is about to be added. Undefined: there is no such budget. */
export function taskMark(board: Board, task: Task, more: Usage = none): BudgetMark | undefined {
  const budget = board.config.budgets?.task;
  if (budget === undefined) return undefined;
  const used = growthOf(task.used_before ?? {}, addUsage(task.used ?? {}, more));
  return markOf('task', task.id, budget, used);
}

/** The same for a profile, by its own budget or the one that each has. */
export function profileMark(
  board: Board,
  profile: string,
  now: number,
  more: Usage = none,
): BudgetMark | undefined {
  const budget = profileBudget(board, profile);
  if (budget === undefined) return undefined;
  const day = budget.per === 'day' ? utcDay(now) : undefined;
  const { usage } = day === undefined ? board.usage.ofProfile(profile) : board.usage.of(day, profile);
  return markOf('profile', profile, budget, addUsage(usage, more), day);
}

export function projectMark(board: Board, now: number, more: Usage = none): BudgetMark | undefined {
  const budget = board.config.budgets?.project;
  if (budget === undefined) return undefined;
  const day = budget.per === 'day' ? utcDay(now) : undefined;
  const { usage } = day === undefined ? board.usage.total() : board.usage.ofDay(day);
  return markOf('project', board.project, budget, addUsage(usage, more), day);
}

const profileBudget = ({ config }: Board, profile: string): Budget | undefined =>
  entryOf(config.profiles, profile)?.budget ?? config.budgets?.profile;

function markOf(
  scope: BudgetMark['scope'],
  name: string,
  budget: BudgetLimit,
  used: Usage,
  day?: string,
): BudgetMark | undefined {
  let most: { readonly what: What; readonly limit: number; readonly share: number } | undefined;
  for (const what of whats) {
    const limit = budget[what];
    if (limit === undefined) continue;
    const share = amountOf(used, what) / limit;
    if (most === undefined || share > most.share) most = { what, limit, share };
  }
  if (most === undefined) return undefined;
  const { what, limit, share } = most;
  const mark: BudgetMark = { scope, name, what, used: amountOf(used, what), limit };
  const level = levelAt(share);
  if (day !== undefined) mark.day = day;
  if (level !== undefined) mark.level = level;
  return mark;
}

/** Whether a budget counts each day anew: what it holds back is free again at midnight. */
export function hasDailyBudget({ config }: Board): boolean {
  const { budgets, profiles } = config;
  return [budgets?.profile, budgets?.project, ...Object.values(profiles).map(({ budget }) => budget)].some(
    (budget) => budget?.per === 'day',
  );
}

const keyOf = ({ scope, name }: Pick<BudgetMark, 'scope' | 'name'>): string => `${scope} ${name}`;

type Reached = EventOf<'budget_reached'>;

/** The levels that are reached when a run is known to have used `more` than before. */
export function reached(
  board: Board,
  task: Task,
  profile: string | undefined,
  more: Usage,
  now: number,
): Reached[] {
  return untold(board, [
    isTerminal(task) ? undefined : taskMark(board, task, more),
    profile === undefined ? undefined : profileMark(board, profile, now, more),
    projectMark(board, now, more),
  ]);
}

/** The levels that the project and its profiles have reached once the budgets are those of `config`. */
export function reachedWith(board: Board, config: BoardConfig, now: number): Reached[] {
  const changed = { ...board, config, budgetLevels: new Map(board.budgetLevels) };
  reviewLevels(changed, now);
  return untold(changed, [
    ...board.usage.profiles().map((profile) => profileMark(changed, profile, now)),
    projectMark(changed, now),
  ]);
}

function untold(board: Board, marks: readonly (BudgetMark | undefined)[]): Reached[] {
  return marks.flatMap((mark) => {
    if (mark?.level === undefined) return [];
    const known = board.budgetLevels.get(keyOf(mark));
    const before = known?.level === undefined || known.day !== mark.day ? 0 : order[known.level];
    return order[mark.level] > before ? [{ type: 'budget_reached', mark }] : [];
  });
}

export function noteLevel(board: Board, { mark }: Reached): void {
  const task = mark.scope === 'task' ? board.tasks.get(mark.name) : undefined;
  if (task === undefined || !isTerminal(task)) board.budgetLevels.set(keyOf(mark), mark);
}

/** The task ended, or a person opened it again: its budget begins anew. */
export function forgetTask(board: Board, task: string): void {
  board.budgetLevels.delete(keyOf({ scope: 'task', name: task }));
}

/** Budgets have changed: what is not reached any more may be reached again. What is reached now is still to be told. */
export function reviewLevels(board: Board, now: number): void {
  for (const [key, { scope, name, day, level }] of board.budgetLevels) {
    const task = board.tasks.get(name);
    const marks = {
      task: () => (task === undefined ? undefined : taskMark(board, task)),
      profile: () => profileMark(board, name, now),
      project: () => projectMark(board, now),
    };
    const mark = marks[scope]();
    if (mark?.level === undefined || level === undefined || mark.day !== day) board.budgetLevels.delete(key);
    else if (order[mark.level] < order[level]) board.budgetLevels.set(key, mark);
  }
}

/** What a run of the task may use: its own limits, and what is left of the task's. */
export function budgetOf(board: Board, task: Task): BudgetLimit | undefined {
  const { run = {}, task: whole = {} } = board.config.budgets ?? {};
  const used = growthOf(task.used_before ?? {}, task.used ?? {});
  const own = growthOf({}, task.grant?.used ?? {});
  const budget: BudgetLimit = {};
  for (const what of whats) {
    // What this very run has used is its own to use; never nothing, which would be no limit.
    const least = what === 'cost_usd' ? 0.000001 : 1;
    const others = amountOf(used, what) - amountOf(own, what);
    const left = whole[what] === undefined ? undefined : Math.max(exact(whole[what] - others), least);
    const limit = Math.min(run[what] ?? Number.POSITIVE_INFINITY, left ?? Number.POSITIVE_INFINITY);
    if (Number.isFinite(limit)) budget[what] = limit;
  }
  return Object.keys(budget).length === 0 ? undefined : budget;
}

/** The budget for which a live run must be ended. */
export function usedUp(board: Board, task: Task, grant: Grant, now: number): BudgetMark | undefined {
  if (grant.kind !== 'work') return undefined;
  const { profile } = grant;
  const marks = [
    taskMark(board, task),
    profile === undefined ? undefined : profileMark(board, profile, now),
    projectMark(board, now),
  ];
  return marks.find(isUsedUp);
}

/** Whether a run under way used enough more for a budget to hear of it before it ends. */
export function isWorthTelling(board: Board, grant: Grant, usage: Usage): boolean {
  const { config, load } = board;
  const { profile } = grant;
  const own = profile === undefined ? undefined : profileBudget(board, profile);
  const grown = growthOf(grant.used ?? {}, usage);
  const isHeard = (budget: BudgetLimit | undefined, runs: number) =>
    budget !== undefined &&
    whats.some((what) => {
      const amount = amountOf(grown, what);
      const share = Math.min(TOLD_SHARE, UNHEARD_SHARE / Math.max(runs, 1));
      return amount > 0 && amount >= (budget[what] ?? Number.POSITIVE_INFINITY) * share;
    });
  return (
    isHeard(config.budgets?.task, 1) ||
    isHeard(own, load.profile(profile ?? '')) ||
    isHeard(config.budgets?.project, load.total())
  );
}
