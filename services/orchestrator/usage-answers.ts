/**
 * Answers about profiles, and about what was used, by whom and when: pure, from acked state only. Rows come by key, in
 * pages that fit a message.
 */
import type { BudgetMark, ProfileView, Query, QueryAnswerOf, UsageRow } from '../../schemas/index.ts';
import { profileMark, projectMark, taskMark } from '../../shared/board/budgets.ts';
import { entryOf } from '../../shared/board/lookup.ts';
import { isCooling, profileState } from '../../shared/board/profiles.ts';
import type { Board } from '../../shared/board/state.ts';
import { addUsage } from '../../shared/board/usage.ts';
import { utcDay } from '../../shared/board/usage-book.ts';
import { assertNever } from '../../shared/errors.ts';

type Answer<K extends 'profiles' | 'usage'> = Omit<
  QueryAnswerOf<K>,
  'v' | 'term' | 'journal_seq' | 'genesis'
>;
type UsageQuery = Extract<Query, { kind: 'usage' }>;

const PAGE = 1_000;
/** Names come from whoever claims: no more profiles are shown than a message has room for. */
const PROFILES_SHOWN = 1_000;
const PROFILES_BYTES = 400_000;

/** Those of the configuration in its order, then others of which something is known. */
export function profilesAnswer(board: Board, now: number): Answer<'profiles'> {
  const others = [...board.profiles.keys(), ...board.usage.profiles()];
  const names = [...new Set([...Object.keys(board.config.profiles), ...others])].slice(0, PROFILES_SHOWN);
  const pools = Object.entries(board.config.pools ?? {}).map(([name, { strategy, profiles }]) => {
    const last = board.pools.get(name)?.last;
    return { name, strategy, profiles, ...(last === undefined ? {} : { last }) };
  });
  const views: ProfileView[] = [];
  const marks: BudgetMark[] = [];
  let bytes = 0;
  for (const name of names) {
    const view = viewOf(board, name, now);
    const mark = profileMark(board, name, now);
    // MessagePack is shorter; of the words alone a letter may be more than a byte.
    const words = (view.reason?.length ?? 0) + (view.barred?.length ?? 0);
    bytes += JSON.stringify([view, mark]).length + 2 * words;
    if (bytes > PROFILES_BYTES) break;
    views.push(view);
    if (mark !== undefined) marks.push(mark);
  }
  const whole = projectMark(board, now);
  return {
    kind: 'profiles',
    profiles: views,
    pools,
    budgets: whole === undefined ? marks : [...marks, whole],
  };
}

function viewOf(board: Board, name: string, now: number): ProfileView {
  const { max_concurrency, weight, budget } = entryOf(board.config.profiles, name) ?? {};
  const state = profileState(board, name);
  const { cooldown_until, reason, stopped, barred, failures, quota } = state;
  const isHeld = stopped || barred !== undefined || isCooling(state, now);
  const { runs, usage } = board.usage.ofProfile(name);
  return {
    name,
    ...(max_concurrency === undefined ? {} : { max_concurrency }),
    ...(weight === undefined ? {} : { weight }),
    ...(budget === undefined ? {} : { budget }),
    live: board.load.profile(name),
    ...(cooldown_until === undefined || !isCooling(state, now) ? {} : { cooldown_until }),
    ...(reason === undefined || !isHeld ? {} : { reason }),
    stopped,
    ...(barred === undefined ? {} : { barred }),
    failures,
    ...(quota === undefined ? {} : { quota }),
    runs,
    usage,
  };
}

export function usageAnswer(
  board: Board,
  { by, since, after = '' }: UsageQuery,
  now: number,
): Answer<'usage'> {
  const all = by === 'task' ? taskRows(board) : bookRows(board, by, since);
  const sorted = all.sort((a, b) => (a.key < b.key ? -1 : 1));
  const rest = sorted.filter(({ key }) => key > after);
  const rows = rest.slice(0, PAGE);
  const next = rows.at(-1)?.key;
  return {
    kind: 'usage',
    rows,
    total: totalOf(all),
    budgets: marksOf([...rows.map(({ key }) => markOf(board, by, key, now)), projectMark(board, now)]),
    ...(rest.length > rows.length && next !== undefined ? { next } : {}),
  };
}

function totalOf(rows: readonly UsageRow[]): UsageRow {
  const total: UsageRow = { key: 'total', runs: 0, usage: {} };
  for (const { runs, usage } of rows) {
    total.runs += runs;
    total.usage = addUsage(total.usage, usage);
  }
  return total;
}

/** Runs are those that the board remembers; what they used is all that they ever did. */
function taskRows(board: Board): UsageRow[] {
  const runs = new Map<string, number>();
  for (const { task, kind } of board.runs.values()) {
    if (kind === 'work') runs.set(task, (runs.get(task) ?? 0) + 1);
  }
  return [...board.tasks.values()].flatMap(({ id, used }) =>
    used === undefined ? [] : [{ key: id, runs: runs.get(id) ?? 0, usage: used }],
  );
}

function bookRows(board: Board, by: 'profile' | 'day', since: number | undefined): UsageRow[] {
  const from = since === undefined ? '' : utcDay(since);
  const rows = new Map<string, UsageRow>();
  for (const { day, profile, runs, usage } of board.usage.rows()) {
    if (day < from) continue;
    const key = by === 'day' ? day : profile;
    const known = rows.get(key) ?? { key, runs: 0, usage: {} };
    rows.set(key, { key, runs: known.runs + runs, usage: addUsage(known.usage, usage) });
  }
  return [...rows.values()];
}

function markOf(board: Board, by: UsageQuery['by'], key: string, now: number): BudgetMark | undefined {
  switch (by) {
    case 'task': {
      const task = board.tasks.get(key);
      const mark = task === undefined ? undefined : taskMark(board, task);
      // Of tasks there are many: those that near their end are worth a line.
      return mark?.level === undefined ? undefined : mark;
    }
    case 'profile':
      return profileMark(board, key, now);
    case 'day':
      return undefined;
    default:
      return assertNever(by);
  }
}

const marksOf = (marks: readonly (BudgetMark | undefined)[]): BudgetMark[] =>
  marks.filter((mark) => mark !== undefined);
