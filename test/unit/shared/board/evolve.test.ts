import { describe, expect, it } from 'vitest';
import type { Event } from '../../../../schemas/index.ts';
import { evolve } from '../../../../shared/board/evolve.ts';
import { leadEvents } from '../../../../shared/board/lead.ts';
import { createBoard, observable } from '../../../../shared/board/state.ts';
import { createDriver, fold } from './board-driver.ts';

const grant = (fence: number, kind: 'work' | 'commit' = 'work') => ({
  kind,
  fence,
  agent: 'w1',
  run: `r${fence}`,
  granted_at: 1,
});

describe('a journal that breaks a promise is not folded', () => {
  const cases: [string, (driver: ReturnType<typeof createDriver>) => Event, RegExp][] = [
    [
      'a second live grant',
      () => ({ type: 'granted', task: 'held', grant: grant(99) }),
      /has a live grant already/,
    ],
    [
      'a fence that was granted before',
      () => ({ type: 'granted', task: 'free', grant: grant(1) }),
      /was granted before/,
    ],
    [
      'a commit grant without a submission',
      () => ({ type: 'granted', task: 'free', grant: grant(99, 'commit') }),
      /no submission/,
    ],
    [
      'a second commit grant of a lane',
      () => ({ type: 'granted', task: 'done', grant: grant(99, 'commit') }),
      /live commit grant already/,
    ],
    ['a task added twice', (d) => ({ type: 'task_added', task: d.task('free') }), /was added before/],
    [
      'a task that nobody added',
      () => ({ type: 'task_moved', task: 'nope', by: 'op', to: 'open', why: 'reopen' }),
      /never added/,
    ],
    [
      'a move under a live grant',
      () => ({ type: 'task_moved', task: 'held', by: 'op', to: 'open', why: 'reopen' }),
      /is live/,
    ],
    [
      'the end of a grant that is not live',
      () => ({
        type: 'grant_ended',
        task: 'free',
        agent: 'w1',
        end: { fence: 1, run: 'r', why: 'done' },
        to: 'open',
        attempts: 0,
        losses: 0,
        conflicts: 0,
      }),
      /is not live/,
    ],
  ];

  it.each(cases)('%s', (_, event, message) => {
    const driver = createDriver();
    driver.add({ id: 'first' }, { id: 'done' }, { id: 'held' }, { id: 'free' });
    driver.submit('w1', driver.take('w1'));
    driver.submit('w1', driver.take('w1'));
    driver.takeCommit();
    driver.take('w1');
    const before = JSON.stringify(observable(driver.board));
    expect(() => evolve(driver.board, event(driver), driver.now)).toThrow(message);
    expect(JSON.stringify(observable(driver.board))).toBe(before);
  });
});

describe('leading', () => {
  it('begins a new journal with its genesis, and an old one with the next term', () => {
    const board = createBoard();
    const identity = { leader: 'l1', project: 'demo', genesis: 'g1' };
    const first = leadEvents(board, identity);
    expect(first.map(({ type }) => type)).toEqual(['genesis', 'format', 'led']);
    for (const event of first) evolve(board, event, 1);
    expect(leadEvents(board, { ...identity, leader: 'l2', genesis: 'g2' })).toEqual([
      { type: 'led', leader: 'l2', term: 2 },
    ]);
  });

  it('goes on from the journal as if nothing had happened', () => {
    const driver = createDriver();
    driver.add({ id: 'a', paths: ['src'] }, { id: 'b', paths: ['src/x'] });
    const held = driver.take('w1', { number: 1 });
    driver.replaceLeader();
    expect(driver.claim('w1', { number: 1 }).answer).toEqual({ kind: 'granted', fence: held.fence });
    expect(driver.claim('w2').answer.kind).toBe('wait');
    driver.submit('w1', held);
    driver.committed('c1', driver.takeCommit());
    driver.replaceLeader('json');
    expect(driver.take('w2')).toMatchObject({ task: 'b', fence: held.fence + 2 });
    expect(observable(fold(driver.batches))).toEqual(observable(driver.board));
  });
});

describe('a leader begins', () => {
  it('with the dependents that its predecessor had no time to block', () => {
    const board = createBoard();
    const task = (id: string, more: object) =>
      ({
        type: 'task_added',
        task: {
          id,
          title: id,
          priority: 'P2',
          labels: [],
          deps: [],
          paths: [],
          gates: [],
          expects: 'none',
          state: 'open',
          revision: 1,
          created_at: 1,
          updated_at: 1,
          created_by: 'operator',
          attempts: 0,
          losses: 0,
          conflicts: 0,
          attachments: [],
          ...more,
        },
      }) as Event;
    const events: Event[] = [
      { type: 'genesis', genesis: 'g', project: 'p' },
      task('dep', { state: 'failed' }),
      task('waits', { deps: ['dep'] }),
    ];
    for (const event of events) evolve(board, event, 1);
    const began = leadEvents(board, { leader: 'next', project: 'p', genesis: 'unused' });
    expect(began.map(({ type }) => type)).toEqual(['led', 'task_moved']);
    for (const event of began) evolve(board, event, 2);
    expect(board.tasks.get('waits')).toMatchObject({ state: 'blocked', blocked_on: 'dep' });
  });
});
