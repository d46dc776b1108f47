/**
 * The board's rules written straight from DESIGN 4, with none of its indexes: what the scheduler and the
 * readiness index must agree with, and what must hold after every step.
 */
import { expect } from 'vitest';
import type { Capabilities, Task } from '../../../schemas/index.ts';
import { passTime } from '../../../shared/board/readiness.ts';
import { type Board, observable } from '../../../shared/board/state.ts';
import type { Driver } from '../../unit/shared/board/board-driver.ts';
import { offersOf, type ProfileFacts, suits } from './profile-rules.ts';

const isOver = ({ state }: Task) => ['closed', 'failed', 'cancelled'].includes(state);
const isClosed = (board: Board, id: string) => board.tasks.get(id)?.state === 'closed';
const waits = (board: Board, task: Task) => task.deps.some((dep) => !isClosed(board, dep));

const holdsBack = (board: Board, task: Task): boolean =>
  !isOver(task) && (task.state === 'blocked' || waits(board, task));

export function isReadyByRule(board: Board, task: Task, now: number): boolean {
  if (task.state !== 'open' || waits(board, task)) return false;
  if ((task.not_before ?? 0) > now || (task.retry_at ?? 0) > now) return false;
  for (let up = task.parent; up !== undefined; up = board.tasks.get(up)?.parent) {
    const ancestor = board.tasks.get(up);
    if (ancestor !== undefined && holdsBack(board, ancestor)) return false;
  }
  return true;
}

/** Tasks in the order they were added: the age. */
const byAge = (board: Board) => [...board.tasks.values()];

const liveWork = (board: Board) => byAge(board).filter(({ grant }) => grant?.kind === 'work');

const steps = (path: string) => path.split('/').filter((step) => step !== '' && step !== '.');
const pathsMeet = (a: string, b: string) => {
  const [one, two] = [steps(a), steps(b)];
  return one.slice(0, two.length).every((step, index) => step === two[index]);
};

function overlapsLive(board: Board, task: Task): boolean {
  return byAge(board).some(
    (other) =>
      other.id !== task.id &&
      other.lane === task.lane &&
      (other.grant?.kind === 'work' || other.submission !== undefined) &&
      other.paths.some((path) => task.paths.some((own) => pathsMeet(path, own))),
  );
}

function mayRun(board: Board, task: Task, asker: Capabilities, facts: ProfileFacts): boolean {
  const { requires = {}, lane } = task;
  const { policies } = board.config;
  const live = liveWork(board);
  const count = (test: (other: Task) => boolean) => live.filter(test).length;
  const below = (used: number, cap: number | undefined) => cap === undefined || used < cap;
  return (
    !facts.isProjectPaused &&
    offersOf(asker).some((offer) => suits(requires, offer) && facts.isFree(offer.profile)) &&
    [undefined, asker.os].includes(requires.os) &&
    (requires.labels ?? []).every((label) => asker.labels?.includes(label)) &&
    (lane === undefined || asker.lanes === undefined || asker.lanes.includes(lane)) &&
    (lane === undefined ||
      (board.lanes.get(lane)?.tip !== undefined && board.lanes.get(lane)?.moved_to === undefined)) &&
    below(live.length, policies.max_grants) &&
    (task.heavy !== true ||
      below(
        count(({ heavy }) => heavy === true),
        policies.max_heavy,
      )) &&
    (lane === undefined ||
      below(
        count((other) => other.lane === lane),
        policies.max_per_lane,
      )) &&
    (policies.paths === 'warn' || !overlapsLive(board, task))
  );
}

const groupOf = (board: Board, task: Task) =>
  task.labels.find((label) => Object.hasOwn(board.config.policies.weights, label)) ?? '';

/** The task that a claim of `asker` must get: priority, then fair share, then age. */
export function pickByRule(
  board: Board,
  asker: Capabilities,
  facts: ProfileFacts,
  now: number,
): string | undefined {
  let best: { task: Task; key: readonly number[] } | undefined;
  for (const [age, task] of byAge(board).entries()) {
    if (!isReadyByRule(board, task, now) || !mayRun(board, task, asker, facts)) continue;
    const key = [Number(task.priority.slice(1)), board.load.share(groupOf(board, task)), age];
    const firstOther = best === undefined ? -1 : key.findIndex((value, index) => value !== best?.key[index]);
    if (best === undefined || (key[firstOther] ?? 0) < (best.key[firstOther] ?? 0)) best = { task, key };
  }
  return best?.task.id;
}

/** What must hold of every board at every moment. */
export function expectSound(board: Board, now: number): void {
  passTime(board, now);
  const grants = new Map<number, string>();
  const committing = new Map<string, number>();
  const unresolved = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const task of board.tasks.values()) {
    counts.set(task.state, (counts.get(task.state) ?? 0) + 1);
    const { grant, state, submission } = task;
    if (grant !== undefined) {
      expect(grants.has(grant.fence), `fence ${grant.fence} is unique`).toBe(false);
      grants.set(grant.fence, task.id);
    }
    const wanted = { work: 'claimed', manual: 'claimed', commit: 'committing', none: state }[
      grant?.kind ?? 'none'
    ];
    expect(state, `${task.id} with a ${grant?.kind ?? 'missing'} grant`).toBe(wanted);
    expect(grant !== undefined, `${task.id} is ${state}`).toBe(['claimed', 'committing'].includes(state));
    expect(submission !== undefined, `${task.id} is ${state}`).toBe(
      ['submitted', 'committing'].includes(state),
    );
    if (grant?.kind === 'commit') {
      expect(committing.has(task.lane!), `one commit grant in ${task.lane}`).toBe(false);
      committing.set(task.lane!, grant.fence);
      expect(submission?.unresolved).toBe(true);
    }
    if (submission?.unresolved === true) {
      expect(unresolved.has(task.lane!), `one unresolved submission in ${task.lane}`).toBe(false);
      unresolved.set(task.lane!, task.id);
    } else {
      expect(task.deferred, `${task.id} has wishes only while it is with the committer`).toBeUndefined();
    }
    const failed = task.deps.filter((dep) =>
      ['failed', 'cancelled'].includes(board.tasks.get(dep)?.state ?? ''),
    );
    if (state === 'open') expect(failed, `failed deps of open ${task.id}`).toEqual([]);
    if (task.blocked_on !== undefined) {
      expect(state).toBe('blocked');
      expect(failed, `blocked_on of ${task.id}`).toContain(task.blocked_on);
    }
  }
  expect(new Map(board.grants)).toEqual(grants);
  for (const [name, lane] of board.lanes) {
    expect(lane.committing, `live commit grant of ${name}`).toBe(committing.get(name));
    expect(lane.unresolved, `unresolved submission of ${name}`).toBe(unresolved.get(name));
    const waiting = byAge(board).filter(
      ({ lane: of, submission }) => of === name && submission !== undefined,
    );
    expect([...lane.waiting].sort()).toEqual(waiting.map(({ id }) => id).sort());
  }
  for (const [state, count] of board.counts) expect(count, state).toBe(counts.get(state) ?? 0);
  const { watched, told } = board.letters;
  for (const { seq, state, ack_by, why } of watched.values()) {
    expect(['waiting', 'delivered'], `letter ${seq} is watched`).toContain(state);
    expect(told.has(seq), `letter ${seq} is watched or told, not both`).toBe(false);
    if (state === 'delivered') expect([typeof ack_by, why], `letter ${seq}`).toEqual(['number', undefined]);
  }
  for (const { seq, state } of told.values()) expect(['overdue', 'dead'], `letter ${seq}`).toContain(state);
  const ready = byAge(board).filter((task) => isReadyByRule(board, task, now));
  const inOrder = ready.map(({ id, priority }, age) => ({ id, priority, age }));
  inOrder.sort((a, b) => a.priority.localeCompare(b.priority) || a.age - b.age);
  expect(board.ready.all()).toEqual(inOrder.map(({ id }) => id));
  const live = liveWork(board);
  expect(board.load.total()).toBe(live.length);
  for (const [name, { max_concurrency = Number.POSITIVE_INFINITY }] of Object.entries(
    board.config.profiles,
  )) {
    const count = live.filter(({ grant }) => grant?.profile === name).length;
    expect(board.load.profile(name)).toBe(count);
    expect(count, `live grants of ${name}`).toBeLessThanOrEqual(max_concurrency);
  }
  expect(board.load.heavy()).toBe(live.filter(({ heavy }) => heavy === true).length);
}

/** Whether a task has ended, or waits for a person: blocked itself, below or behind one that is. */
export function isSettled(board: Board, task: Task): boolean {
  if (isOver(task) || task.state === 'blocked') return true;
  if (task.state !== 'open') return false;
  const above: string[] = [];
  for (let up = task.parent; up !== undefined; up = board.tasks.get(up)?.parent) above.push(up);
  const waitsFor = task.deps.filter((dep) => !isClosed(board, dep));
  return [...waitsFor, ...above].some((id) => {
    const other = board.tasks.get(id);
    return other !== undefined && !isOver(other) && isHeldUp(board, other);
  });
}

/** A task that will not move by itself: blocked, or waiting for one that will not. */
function isHeldUp(board: Board, task: Task): boolean {
  return task.state === 'blocked' || (task.state === 'open' && isSettled(board, task));
}

/** What is observable, as text: two boards with the same text cannot be told apart. */
export const seen = (driver: Driver): string => JSON.stringify(observable(driver.board));
