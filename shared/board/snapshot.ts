/**
 * A board as plain data and back (DESIGN 2.1). What can be derived is left out and made anew, so that no index of one
 * version gets into another.
 *
 * 1. A restored board decides and evolves as the one it was taken from: `observable` of both is equal, and what the
 *    same inputs lead to from there on.
 * 2. Taking an image copies no task: tasks, answers and runs are never changed in place, only replaced. Everything that
 *    is changed in place is copied, so an image stays as it is while its board goes on.
 */
import type { EventOf, Letter, RunRecord, SnapshotPart, SnapshotPartOf, Task } from '../../schemas/index.ts';
import { noteLevel } from './budgets.ts';
import { allLetters, keepLetter } from './letters.ts';
import { createLoad, groupOf } from './load.ts';
import { setWake } from './profiles.ts';
import { refreshTree } from './readiness.ts';
import { type Board, createBoard, type LaneRecord } from './state.ts';
import { createUsageBook } from './usage-book.ts';

type Head = SnapshotPartOf<'head'>;

/** The parts of a board: small things at once, and the long lists that are cut into slices. */
export interface Image {
  readonly head: Head;
  readonly tasks: readonly { readonly ordinal: number; readonly task: Task }[];
  readonly answers: readonly EventOf<'answered'>[];
  readonly runs: readonly RunRecord[];
  readonly letters: readonly Letter[];
}

/** Tasks may be long (bodies, notes), so few go into one part. */
const TASKS_PER_PART = 100;
const LINES_PER_PART = 500;

/** Takes the image of a board that holds acked state only. */
export function toImage(board: Board): Image {
  const { floor, groups } = board.load.shares();
  const tasks = [...board.tasks.values()].map((task) => ({ ordinal: ordinalOf(board, task.id), task }));
  const answers = [...board.answers.values()];
  const runs = [...board.runs.values()];
  const letters = allLetters(board.letters);
  const people = [...board.people.values()];
  const head: Head = {
    v: 1,
    kind: 'head',
    genesis: board.genesis,
    project: board.project,
    format: board.format,
    term: board.term,
    leader: board.leader,
    config: board.config,
    next_fence: board.nextFence,
    next_ordinal: board.nextOrdinal,
    commit_idle: board.commitIdle,
    shares: [...groups].map(([label, share]) => ({ label, share })),
    floor,
    agents: [...board.agents].map(([name, { incarnation, place, ended, slots }]) => ({
      name,
      incarnation,
      place,
      ended: [...ended],
      slots: [...slots].map(([slot, record]) => ({ slot, ...record })),
    })),
    lanes: [...board.lanes].map(([name, { waiting, ...lane }]) => ({ name, ...lane, waiting: [...waiting] })),
    dependents: reordered(board),
    tasks: tasks.length,
    answers: answers.length,
    runs: runs.length,
    // An older version reads the snapshots of a journal whose format it knows.
    ...(people.length === 0 ? {} : { people }),
    ...(letters.length === 0 ? {} : { letters: letters.length }),
    ...profilesOf(board),
  };
  return { head, tasks, answers, runs, letters };
}

/** What came with format 4, where there is any of it. */
function profilesOf(board: Board): Pick<Head, 'profiles' | 'pools' | 'usage' | 'budgets'> {
  const profiles = [...board.profiles].map(([name, state]) => ({ name, ...state }));
  const pools = [...board.pools].map(([name, { last, shares }]) => ({
    name,
    ...(last === undefined ? {} : { last }),
    shares: [...shares].map(([profile, share]) => ({ profile, share })),
  }));
  const usage = board.usage.rows();
  const budgets = [...board.budgetLevels.values()];
  return {
    ...(profiles.length === 0 ? {} : { profiles }),
    ...(pools.length === 0 ? {} : { pools }),
    ...(usage.length === 0 ? {} : { usage }),
    ...(budgets.length === 0 ? {} : { budgets }),
  };
}

const ordinalOf = (board: Board, task: string): number => board.ordinals.get(task) ?? 0;

/** The order of dependents decides the order of events, so it is kept where it isn't that of the tasks' age. */
function reordered(board: Board): Head['dependents'] {
  const found: Head['dependents'] = [];
  for (const [task, dependents] of board.dependents) {
    const order = [...dependents];
    const isByAge = order.every(
      (id, index) => index === 0 || ordinalOf(board, order[index - 1] ?? '') < ordinalOf(board, id),
    );
    if (!isByAge) found.push({ task, order });
  }
  return found;
}

/** The image as parts that can be encoded one by one. */
export function* partsOf({ head, tasks, answers, runs, letters }: Image): Generator<SnapshotPart> {
  yield head;
  for (const slice of slices(tasks, TASKS_PER_PART)) yield { v: 1, kind: 'tasks', tasks: slice };
  for (const slice of slices(answers, LINES_PER_PART)) yield { v: 1, kind: 'answers', answers: slice };
  for (const slice of slices(runs, LINES_PER_PART)) yield { v: 1, kind: 'runs', runs: slice };
  for (const slice of slices(letters, LINES_PER_PART)) yield { v: 1, kind: 'letters', letters: slice };
}

function* slices<T>(list: readonly T[], size: number): Generator<T[]> {
  for (let from = 0; from < list.length; from += size) yield list.slice(from, from + size);
}

/** The image that the parts make, in their order; undefined when some are missing or out of place. */
export function imageOf(parts: Iterable<SnapshotPart>): Image | undefined {
  let head: Head | undefined;
  const tasks: Image['tasks'][number][] = [];
  const answers: EventOf<'answered'>[] = [];
  const runs: RunRecord[] = [];
  const letters: Letter[] = [];
  for (const part of parts) {
    if ((part.kind === 'head') !== (head === undefined)) return undefined;
    if (part.kind === 'head') head = part;
    else if (part.kind === 'tasks') tasks.push(...part.tasks);
    else if (part.kind === 'answers') answers.push(...part.answers);
    else if (part.kind === 'runs') runs.push(...part.runs);
    else letters.push(...part.letters);
  }
  if (head === undefined) return undefined;
  const isWhole =
    tasks.length === head.tasks &&
    answers.length === head.answers &&
    runs.length === head.runs &&
    letters.length === (head.letters ?? 0);
  return isWhole ? { head, tasks, answers, runs, letters } : undefined;
}

/** The board as it was at the journal time `at`, with all its indexes. */
export function fromImage({ head, tasks, answers, runs, letters }: Image, at: number): Board {
  const shares = {
    floor: head.floor,
    groups: new Map(head.shares.map(({ label, share }) => [label, share])),
  };
  const board: Board = {
    ...createBoard(),
    genesis: head.genesis,
    project: head.project,
    format: head.format,
    term: head.term,
    leader: head.leader,
    config: head.config,
    nextFence: head.next_fence,
    nextOrdinal: head.next_ordinal,
    commitIdle: head.commit_idle,
    load: createLoad(shares),
    usage: createUsageBook(head.usage),
  };
  for (const { name, ...state } of head.profiles ?? []) board.profiles.set(name, state);
  for (const { name, last, shares: had } of head.pools ?? []) {
    const known = new Map(had.map(({ profile, share }) => [profile, share]));
    board.pools.set(name, { ...(last === undefined ? {} : { last }), shares: known });
  }
  for (const mark of head.budgets ?? []) noteLevel(board, { type: 'budget_reached', mark });
  for (const { name, incarnation, place, ended, slots } of head.agents) {
    const records = slots.map(({ slot, ...record }) => [slot, record] as const);
    board.agents.set(name, { incarnation, place, ended: new Set(ended), slots: new Map(records) });
  }
  for (const person of head.people ?? []) board.people.set(person.name, person);
  for (const letter of letters) keepLetter(board.letters, letter);
  for (const { name, waiting, ...lane } of head.lanes) {
    const record: LaneRecord = { ...lane, waiting: new Set(waiting) };
    board.lanes.set(name, record);
  }
  for (const answer of answers) board.answers.set(answer.command, answer);
  for (const run of runs) board.runs.set(run.fence, run);
  for (const { ordinal, task } of tasks) {
    board.tasks.set(task.id, task);
    board.ordinals.set(task.id, ordinal);
    board.counts.set(task.state, (board.counts.get(task.state) ?? 0) + 1);
  }
  linkAll(board, head.dependents);
  useAll(board);
  for (const task of board.tasks.values()) refreshTree(board, task, at);
  setWake(board, at);
  return board;
}

function linkAll(board: Board, reorder: Head['dependents']): void {
  for (const { task, order } of reorder) board.dependents.set(task, new Set(order));
  for (const task of board.tasks.values()) {
    let unmet = 0;
    for (const dep of new Set(task.deps)) {
      addTo(board.dependents, dep, task.id);
      if (board.tasks.get(dep)?.state !== 'closed') unmet += 1;
    }
    board.unmet.set(task.id, unmet);
    if (task.parent !== undefined) addTo(board.children, task.parent, task.id);
  }
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set([value]));
  else known.add(value);
}

/** Live grants, and what they and the submissions take: loads and path scopes. */
function useAll(board: Board): void {
  const live = [...board.tasks.values()].flatMap((task) =>
    task.grant === undefined ? [] : [{ task, grant: task.grant }],
  );
  live.sort((a, b) => a.grant.fence - b.grant.fence);
  for (const { task, grant } of live) {
    board.grants.set(grant.fence, task.id);
    if (grant.kind !== 'work') continue;
    const group = groupOf(board.config.policies, task.labels);
    board.load.resume(grant.fence, {
      lane: task.lane,
      profile: grant.profile,
      heavy: task.heavy ?? false,
      group,
    });
  }
  for (const task of board.tasks.values()) {
    if (task.grant?.kind !== 'work' && task.submission === undefined) continue;
    board.ready.scopes(task.lane ?? '').add(task.id, task.paths);
  }
}
