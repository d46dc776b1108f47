import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event, Grant } from '../../../schemas/index.ts';
import { explain } from '../../../shared/board/explain.ts';
import { type Board, observable } from '../../../shared/board/state.ts';
import { commit, config, createDriver, type Driver, fold } from '../../unit/shared/board/board-driver.ts';
import { expectBooks, factsOf, offersOf, suits, turnByRule } from './profile-rules.ts';
import { expectSound, isReadyByRule, isSettled, pickByRule, seen } from './rules.ts';
import { history, type Step } from './step-kinds.ts';
import { inputOf, type Past, type Sent, send } from './steps.ts';

const RUNS = 100;

const setUp = (): Driver => {
  const driver = createDriver({
    lanes: { ...config.lanes, docs: { home: '/docs', base: 'main', branch: 'waggle/docs', gates: [] } },
    gates: {
      'VG-1': { name: 'VG-1', run: 'true', timeout_ms: 1 },
      'VG-2': { name: 'VG-2', run: 'true', timeout_ms: 1 },
    },
    profiles: { big: { max_concurrency: 1 }, p1: {}, small: { weight: 0.5, max_concurrency: 2 } },
    pools: { main: { strategy: 'round_robin', profiles: ['p1', 'small', 'big'] } },
    budgets: { profile: { tokens: 100, per: 'day' } },
    policies: { ...config.policies, max_grants: 4, max_heavy: 1, weights: { ui: 1, db: 3 } },
  });
  driver.openLane('docs');
  return driver;
};

const newPast = (): Past => ({ sent: [], grants: [], ids: 1000, tips: 0 });

/** Takes one step, checking what must hold of its answer. */
function take(driver: Driver, past: Past, step: Step): void {
  if (step.do === 'wait') driver.now += step.ms;
  if (step.do === 'lead') driver.replaceLeader(step.codec);
  const at = inputOf(driver, past, step);
  if (at === undefined) return;
  const { board } = driver;
  const before = seen(driver);
  const { nextFence } = board;
  const unresolved = new Map([...board.lanes].map(([name, lane]) => [name, lane.unresolved]));
  const earlier = past.sent.find((sent) => sent.at === at && sent.hadEffect);
  const expected =
    at.door === 'claim' && at.input.claim.work === 'task'
      ? (events: readonly object[], kind: string | undefined) =>
          expectRulesPick(driver, at.input.from, at.input.claim.capabilities, events, kind)
      : undefined;
  const { events, answer } = send(driver, at);
  const { status, kind } = answer;
  if (events.length === 0) expect(seen(driver), 'nothing changed without an event').toBe(before);
  if (status === 'refused') expect(events, 'a refusal has no events').toEqual([]);
  expectOnce(earlier, at, answer, events);
  expected?.(events, kind);
  let fence = nextFence - 1;
  for (const event of events as readonly Event[]) {
    if (event.type !== 'granted') continue;
    const { grant, task } = event;
    expect(grant.fence, 'fences grow').toBeGreaterThan(fence);
    fence = grant.fence;
    past.grants.push({ task, fence, run: grant.run, agent: grant.agent });
    expectUnresolvedFirst(driver, grant, task, unresolved);
  }
  past.sent.push({ at, answer, hadEffect: events.length > 0 && status !== 'refused' && kind !== 'refused' });
}

/** A second copy of an input that had an effect has none, and gets the first answer while that can be known. */
function expectOnce(
  earlier: Sent | undefined,
  at: Sent['at'],
  answer: object,
  events: readonly object[],
): void {
  if (earlier === undefined) return;
  if (at.door === 'command') {
    expect(answer).toEqual(earlier.answer);
    expect(events).toEqual([]);
  }
  // An owner that was nudged half a day ago may be nudged again: then a copy says as much as a new report.
  if (at.door === 'report' && !['progress', 'lane', 'stale'].includes(at.input.report.kind)) {
    expect(events).toEqual([]);
  }
}

function expectUnresolvedFirst(
  driver: Driver,
  grant: Grant,
  task: string,
  unresolved: ReadonlyMap<string, string | undefined>,
): void {
  if (grant.kind !== 'commit') return;
  const lane = driver.task(task).lane ?? '';
  expect([undefined, task], 'the unresolved submission of a lane goes first').toContain(unresolved.get(lane));
}

/** The grant of a claim must be the one that the rules name on the board as the asker's events left it. */
function expectRulesPick(
  driver: Driver,
  from: string,
  asker: Parameters<typeof pickByRule>[1],
  events: readonly object[],
  kind: string | undefined,
): void {
  const { batches, now } = driver;
  if (kind === 'wait') {
    expect(pickByRule(driver.board, asker, factsOf(driver.board, batches, now, from), now)).toBeUndefined();
  }
  const granted = (events as readonly Event[]).findLast((event) => event.type === 'granted');
  if (granted?.type !== 'granted') return;
  // A fresh fold without the grant is the board on which the pick was made.
  const { events: last = [], ...batch } = batches.at(-1)!;
  const before = [
    ...batches.slice(0, -1),
    { ...batch, events: last.filter(({ type }) => type !== 'granted') },
  ];
  const board = fold(before);
  const facts = factsOf(board, before, now, from);
  expect(granted.task).toBe(pickByRule(board, asker, facts, now));
  const requires = board.tasks.get(granted.task)?.requires ?? {};
  const fitting = offersOf(asker)
    .filter((offer) => suits(requires, offer) && facts.isFree(offer.profile))
    .map(({ profile }) => profile);
  expect(fitting, 'the profile is free').toContain(granted.grant.profile);
  const turn = turnByRule(board, before, asker, fitting, now);
  if (turn !== undefined) expect(granted.grant.profile, 'whose turn it is').toBe(turn);
}

const derived = (board: Board) => ({
  ready: board.ready.all(),
  load: [
    board.load.total(),
    board.load.heavy(),
    board.load.share('ui'),
    board.load.share('db'),
    board.load.share(''),
  ],
  wakes: board.wakeAt,
  counts: Object.fromEntries([...board.counts].filter(([, count]) => count > 0)),
  held: [...board.held].sort(),
});

describe('any history of a board', () => {
  it('keeps its promises after every step', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const driver = setUp();
        const past = newPast();
        for (const step of steps) {
          take(driver, past, step);
          expectSound(driver.board, driver.now);
        }
        expectBooks(driver);
        for (const task of driver.board.tasks.values()) {
          const reasons = explain(driver.board, task, driver.now);
          expect(reasons.length).toBeGreaterThan(0);
          const isReady = isReadyByRule(driver.board, task, driver.now);
          if (reasons[0]?.rule === 'ready') expect(isReady, task.id).toBe(true);
          if (reasons.some(({ rule }) => ['deps', 'ancestor', 'not-before'].includes(rule))) {
            expect(isReady, task.id).toBe(false);
          }
        }
        const landed = driver
          .events()
          .flatMap((event) => (event.type === 'commit_landed' ? [event.task] : []));
        const closed = driver
          .events()
          .filter((event) => event.type === 'grant_ended' && event.end.why === 'committed');
        expect(closed).toHaveLength(landed.length);
      }),
      { numRuns: RUNS },
    );
  });

  it('folds to the same board from its batches, also as they come off the wire', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const driver = setUp();
        const past = newPast();
        for (const step of steps) take(driver, past, step);
        for (const codec of ['none', 'msgpack', 'json'] as const) {
          const again = fold(driver.batches, codec);
          expect(observable(again)).toEqual(observable(driver.board));
          expectSound(again, driver.now);
          expectSound(driver.board, driver.now);
          expect(derived(again)).toEqual(derived(driver.board));
        }
      }),
      { numRuns: RUNS / 2 },
    );
  });

  it('ends every task once the faults stop', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const driver = setUp();
        const past = newPast();
        for (const step of steps) take(driver, past, step);
        settleFaults(driver, past);
        workHonestly(driver);
        for (const task of driver.board.tasks.values()) {
          expect(
            isSettled(driver.board, task),
            `${task.id} is ${task.state}: ${JSON.stringify(explain(driver.board, task, driver.now))}`,
          ).toBe(true);
        }
        expectSound(driver.board, driver.now);
      }),
      { numRuns: RUNS },
    );
  });
});

/** Whoever held something is gone, and a person looks at what only a person can decide. */
function settleFaults(driver: Driver, past: Past): void {
  const { budgets: _, ...config } = driver.board.config;
  driver.command({ kind: 'configure', config });
  for (const name of driver.board.profiles.keys()) driver.profile(name, 'resume');
  for (const grant of past.grants) {
    const live = driver.board.grants.has(grant.fence) ? driver.task(grant.task).grant : undefined;
    if (live === undefined) continue;
    if (live.kind === 'manual')
      driver.command({ kind: 'close', task: grant.task, no_change: true }, live.agent);
    else driver.takeover(grant as never);
  }
  expect([...driver.board.grants.values()], 'live grants').toEqual([]);
}

/** Workers and a committer that do what they are asked, until nobody gets anything any more. */
function workHonestly(driver: Driver): void {
  const machines = [
    { agent: 'h1', os: 'linux', profile: 'p1' },
    { agent: 'h2', os: 'darwin', profile: 'big' },
  ] as const;
  for (let turn = 0; turn < 500; turn += 1) {
    let isIdle = true;
    for (const { agent, ...can } of machines) {
      const { answer } = driver.claim(agent, { capabilities: { ...can, labels: ['gpu'] } });
      if (answer.kind !== 'granted') continue;
      isIdle = false;
      const grant = grantOf(driver, answer.fence);
      if (driver.task(grant.task).expects === 'none') driver.done(agent, grant);
      else driver.submit(agent, grant);
    }
    const { answer } = driver.claim('c1', { work: 'commit', incarnation: 'c1-honest', silentMs: 60_000 });
    if (answer.kind === 'granted') {
      isIdle = false;
      driver.committed('c1', grantOf(driver, answer.fence));
    }
    for (const [name, lane] of driver.board.lanes) {
      if (lane.moved_to === undefined) continue;
      isIdle = false;
      driver.command({ kind: 'lane_adopt', lane: name, tip: commit(0x77) });
    }
    const due = driver.board.ready.nextDue();
    if (due !== undefined) driver.now = Math.max(driver.now, due);
    else if (isIdle) return;
  }
  throw new Error('the work never ended');
}

function grantOf(driver: Driver, fence: number) {
  const task = driver.board.grants.get(fence)!;
  return { task, fence, run: driver.task(task).grant!.run } as Parameters<Driver['done']>[1];
}
