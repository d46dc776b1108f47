import { describe, expect, it } from 'vitest';
import { commit, createDriver, rights } from './board-driver.ts';

const state = (driver: ReturnType<typeof createDriver>, id = 'a') => driver.task(id).state;

describe('the life of a task', () => {
  it('goes from open through claimed, submitted and committing to closed', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    expect(state(driver)).toBe('open');
    const grant = driver.take('w1');
    expect(state(driver)).toBe('claimed');
    driver.submit('w1', grant);
    expect(state(driver)).toBe('submitted');
    const landing = driver.takeCommit();
    expect(state(driver)).toBe('committing');
    driver.committed('c1', landing);
    expect(driver.task('a')).toMatchObject({ state: 'closed', closing: { how: 'committed', by: 'w1' } });
  });

  it('closes a task that expects no change on its report', () => {
    const driver = createDriver();
    driver.add({ id: 'a', expects: 'none' });
    expect(driver.done('w1', driver.take('w1')).answer.status).toBe('accepted');
    expect(driver.task('a').closing).toMatchObject({ how: 'reported', by: 'w1' });
  });

  it('counts a run without a change as an attempt when a change was expected', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.done('w1', driver.take('w1'));
    expect(driver.task('a')).toMatchObject({ state: 'open', attempts: 1, last_outcome: 'no_change' });
  });

  it('closes no task whose required gates are not green', () => {
    const gates = { 'VG-1': { name: 'VG-1', run: 'true', timeout_ms: 1000 } };
    const driver = createDriver({ gates });
    driver.add({ id: 'a', expects: 'none', gates: ['VG-1'] });
    const evidence = (...results: ('green' | 'red')[]) =>
      results.map((status) => ({ gate: 'VG-1', status, duration_ms: 1 }));
    const report = (...results: ('green' | 'red')[]) => {
      driver.now += 1_000_000;
      const grant = driver.take('w1');
      driver.report('w1', {
        kind: 'done',
        ...rights(grant),
        outcome: 'completed',
        evidence: evidence(...results),
      });
    };
    report();
    expect(driver.task('a')).toMatchObject({ state: 'open', attempts: 1 });
    report('green', 'red');
    expect(driver.task('a')).toMatchObject({ state: 'open', attempts: 2 });
    report('red', 'green');
    expect(state(driver)).toBe('closed');
  });

  it('blocks a task on its run’s word and opens it again on a person’s', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const grant = driver.take('w1');
    driver.report('w1', { kind: 'blocked', ...rights(grant), outcome: 'needs_input', reason: 'which one?' });
    expect(driver.task('a')).toMatchObject({ state: 'blocked', blocked_reason: 'which one?' });
    driver.command({ kind: 'reopen', task: 'a' });
    expect(driver.take('w1').task).toBe('a');
  });

  it('keeps the checkpoint of a drained run for the next one and counts nothing', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const grant = driver.take('w1');
    const file = { owner: 'w1', sha256: 'c'.repeat(64), size_bytes: 1, chunks: 1 };
    const checkpoint = { fence: grant.fence, number: 1, base: 'a'.repeat(40), head: 'b'.repeat(40), file };
    driver.report('w1', { kind: 'released', ...rights(grant), reason: 'drain', checkpoint });
    expect(driver.take('w2')).toMatchObject({ attempt: 1, checkpoint });
    expect(driver.task('a')).toMatchObject({ attempts: 0, losses: 0 });
  });

  it('gives the last progress note to the next run', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const grant = driver.take('w1');
    driver.report('w1', { kind: 'progress', ...rights(grant), note: 'half way' });
    driver.takeover(grant);
    expect(driver.take('w2')).toMatchObject({ note: 'half way' });
  });
});

describe('what is refused', () => {
  const cases: [string, (driver: ReturnType<typeof createDriver>) => { answer: object }, string][] = [
    ['starting a closed task', (d) => d.command({ kind: 'start', task: 'closed' }), 'not-open'],
    ['starting a blocked task', (d) => d.command({ kind: 'start', task: 'blocked' }), 'blocked'],
    ['starting a task that waits for a dep', (d) => d.command({ kind: 'start', task: 'waits' }), 'blocked'],
    ['starting a task that a worker holds', (d) => d.command({ kind: 'start', task: 'held' }), 'held'],
    [
      'taking over a worker’s task by hand',
      (d) => d.command({ kind: 'start', task: 'held', takeover: true }),
      'held',
    ],
    ['closing without saying how', (d) => d.command({ kind: 'close', task: 'free' }), 'close-how'],
    [
      'closing a cancelled task',
      (d) => d.command({ kind: 'close', task: 'cancelled', no_change: true }),
      'ended',
    ],
    ['cancelling a closed task', (d) => d.command({ kind: 'cancel', task: 'closed' }), 'ended'],
    ['retrying a closed task', (d) => d.command({ kind: 'retry', task: 'closed' }), 'ended'],
    ['retrying a task that is worked on', (d) => d.command({ kind: 'retry', task: 'held' }), 'in-progress'],
    ['reopening a task that is worked on', (d) => d.command({ kind: 'reopen', task: 'held' }), 'in-progress'],
    ['blocking a closed task', (d) => d.command({ kind: 'block', task: 'closed', reason: 'x' }), 'ended'],
    [
      'editing a closed task',
      (d) => d.command({ kind: 'edit', task: 'closed', patch: { title: 'x' } }),
      'ended',
    ],
    ['an edit of nothing', (d) => d.command({ kind: 'edit', task: 'free', patch: {} }), 'empty-edit'],
    [
      'new deps for a task in work',
      (d) => d.command({ kind: 'edit', task: 'held', patch: { deps: [] } }),
      'claimed',
    ],
    ['an unknown task', (d) => d.command({ kind: 'cancel', task: 'nope' }), 'unknown-task'],
    ['an old revision', (d) => d.command({ kind: 'cancel', task: 'blocked', revision: 1 }), 'stale-revision'],
    [
      'a cycle through a dep',
      (d) => d.command({ kind: 'edit', task: 'free', patch: { deps: ['waits'] } }),
      'cycle',
    ],
    [
      'a cycle through a parent',
      (d) => d.command({ kind: 'edit', task: 'free', patch: { parent: 'waits' } }),
      'cycle',
    ],
    [
      'a dep on oneself',
      (d) => d.command({ kind: 'edit', task: 'free', patch: { deps: ['free'] } }),
      'cycle',
    ],
    [
      'an unknown gate',
      (d) => d.command({ kind: 'edit', task: 'free', patch: { gates: ['toString'] } }),
      'unknown-gate',
    ],
    [
      'configuring without being an operator',
      (d) => d.command({ kind: 'configure', config: { ...d.board.config, lanes: {} } }, 'w1'),
      'wrong-role',
    ],
    [
      'adopting a tip without being an operator',
      (d) => d.command({ kind: 'lane_adopt', lane: 'main', tip: commit(9) }, 'w1'),
      'wrong-role',
    ],
    ['removing a lane in use', (d) => d.configure({ lanes: {} }), 'in-use'],
    [
      'a report for somebody else’s grant',
      (d) => d.report('w2', d.submitted(grantOf(d, 'held'))),
      'not-yours',
    ],
    [
      'a report with another run',
      (d) => d.report('w1', { ...d.submitted(grantOf(d, 'held')), run: 'other' } as never),
      'fenced',
    ],
    [
      'a report with another fence',
      (d) => d.report('w1', { ...d.submitted(grantOf(d, 'held')), fence: 99 } as never),
      'fenced',
    ],
    ['a takeover by a worker', (d) => d.takeover(grantOf(d, 'held'), 'w2'), 'wrong-role'],
    ['a commit reported on a work grant', (d) => d.committed('w1', grantOf(d, 'held')), 'wrong-kind'],
    [
      'a lane report by a worker',
      (d) => d.report('w1', { kind: 'lane', lane: 'main', tip: commit(3) }),
      'wrong-role',
    ],
    ['a commit claim by a worker', (d) => d.claim('w2', { work: 'commit' }), 'wrong-role'],
    ['a task claim by a committer', (d) => d.claim('c1'), 'wrong-role'],
    ['a claim of another genesis', (d) => d.claim('w2', { genesis: 'old' }), 'other-genesis'],
  ];

  const grantOf = (driver: ReturnType<typeof createDriver>, id: string) => {
    const { fence, run } = driver.task(id).grant!;
    return { fence, run, task: id } as ReturnType<typeof driver.take>;
  };

  const scene = () => {
    const driver = createDriver();
    driver.add({ id: 'held', priority: 'P0' }, { id: 'free' }, { id: 'waits', deps: ['free'] });
    driver.add({ id: 'closed' }, { id: 'blocked' }, { id: 'cancelled' });
    driver.command({ kind: 'close', task: 'closed', no_change: true });
    driver.command({ kind: 'block', task: 'blocked', reason: 'look' });
    driver.command({ kind: 'cancel', task: 'cancelled' });
    driver.take('w1');
    return driver;
  };

  it.each(cases)('%s', (_, act, code) => {
    const driver = scene();
    const before = driver.batches.length;
    expect(act(driver).answer).toMatchObject({ code });
    expect(driver.batches.length).toBe(before);
  });
});

describe('tasks held by hand', () => {
  it('have one owner, whom only --takeover replaces', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.command({ kind: 'start', task: 'a' }, 'ann');
    const first = driver.task('a').grant?.fence;
    expect(driver.command({ kind: 'start', task: 'a' }, 'ann').events).toEqual([]);
    expect(driver.command({ kind: 'start', task: 'a' }, 'bob').answer).toMatchObject({ code: 'held' });
    const taken = driver.command({ kind: 'start', task: 'a', takeover: true }, 'bob');
    expect(taken.answer).toMatchObject({
      status: 'ok',
      tasks: [{ state: 'claimed', revision: driver.task('a').revision }],
    });
    expect(driver.task('a').grant).toMatchObject({ agent: 'bob', fence: (first ?? 0) + 1 });
    expect(driver.command({ kind: 'close', task: 'a', no_change: true }, 'ann').answer).toMatchObject({
      code: 'held',
    });
    expect(driver.command({ kind: 'close', task: 'a', commit: commit(5) }, 'bob').answer.status).toBe('ok');
  });

  it('survive a new incarnation of their holder and every takeover report', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.command({ kind: 'start', task: 'a' }, 'w1');
    driver.claim('w1');
    driver.claim('w1', { incarnation: 'w1-2' });
    const { fence, run } = driver.task('a').grant!;
    expect(driver.takeover({ task: 'a', fence, run } as never).answer).toMatchObject({ code: 'manual' });
    expect(driver.task('a').state).toBe('claimed');
  });

  it('need their gates waived to be closed with a commit, and the reason and the waiver both stay', () => {
    const driver = createDriver({ gates: { 'VG-1': { name: 'VG-1', run: 'true', timeout_ms: 1 } } });
    driver.add({ id: 'a', gates: ['VG-1'] });
    const close = { kind: 'close', task: 'a', commit: commit(5), reason: 'by hand' } as const;
    expect(driver.command(close).answer).toMatchObject({ code: 'gates-required' });
    driver.command({ ...close, waive_gates: 'x'.repeat(1000) });
    expect(driver.task('a').closing?.note).toMatch(/^by hand; gates waived: x+…$/);
  });
});
