import { describe, expect, it } from 'vitest';
import { commit, config, createDriver, fold } from './board-driver.ts';

const twoLanes = () => {
  const driver = createDriver({
    lanes: { ...config.lanes, docs: { home: '/docs', base: 'main', branch: 'waggle/docs', gates: [] } },
  });
  driver.openLane('docs');
  return driver;
};

describe('a lane', () => {
  it('has one live commit grant at a time; another lane does not wait for it', () => {
    const driver = twoLanes();
    driver.add({ id: 'a', lane: 'main' }, { id: 'b', lane: 'main' }, { id: 'c', lane: 'docs' });
    for (const _ of 'abc') driver.submit('w1', driver.take('w1'));
    expect(driver.takeCommit('c1').task).toBe('a');
    expect(driver.takeCommit('c2').task).toBe('c');
    expect(driver.claim('c2', { work: 'commit', slot: 1 }).answer.kind).toBe('wait');
  });

  it('gives out its oldest submission first, and across lanes the one that waits longest', () => {
    const driver = twoLanes();
    driver.add({ id: 'a', lane: 'docs' }, { id: 'b', lane: 'main' }, { id: 'c', lane: 'main' });
    for (const _ of 'abc') {
      driver.now += 10;
      driver.submit('w1', driver.take('w1'));
    }
    const order = [0, 1, 2].map(() => {
      const grant = driver.takeCommit();
      driver.committed('c1', grant);
      return grant.task;
    });
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('resolves what a dead committer may have landed before anything is built on it', () => {
    const driver = createDriver();
    driver.add({ id: 'a' }, { id: 'b' });
    const [first, second] = [driver.take('w1'), driver.take('w2')];
    driver.submit('w2', second);
    const dead = driver.takeCommit('c1');
    driver.submit('w1', first);
    driver.takeover(dead);
    expect(driver.takeCommit('c2').task).toBe('b');
  });

  it('gives no work before a committer opened it', () => {
    const driver = createDriver();
    driver.configure({
      lanes: { ...config.lanes, docs: { home: '/d', base: 'main', branch: 'x', gates: [] } },
    });
    driver.add({ id: 'a', lane: 'docs' });
    expect(driver.claim('w1').answer.kind).toBe('wait');
    driver.openLane('docs');
    expect(driver.take('w1')).toMatchObject({ task: 'a', lane: { tip: commit(1) } });
  });

  it('refuses a commit that starts from a foreign tip, and the grant lives on', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.submit('w1', driver.take('w1'));
    const grant = driver.takeCommit();
    expect(driver.committed('c1', grant, { old: commit(666) }).answer).toMatchObject({ code: 'foreign-tip' });
    expect(driver.committed('c1', grant).answer.status).toBe('accepted');
  });

  it('is not spoken of by a bounce that names another one', () => {
    const driver = twoLanes();
    driver.add({ id: 'a', lane: 'main' });
    driver.submit('w1', driver.take('w1'));
    const bounce = driver.bounced('c1', driver.takeCommit(), 'lane_moved', {
      lane: 'docs',
      found: commit(7),
    });
    expect(bounce.answer).toMatchObject({ code: 'wrong-lane' });
  });

  it('that somebody else moved is held until an operator adopts what stands there', () => {
    const driver = createDriver();
    driver.add({ id: 'a' }, { id: 'b' });
    driver.submit('w1', driver.take('w1'));
    driver.bounced('c1', driver.takeCommit(), 'lane_moved', { found: commit(66) });
    expect(driver.task('a')).toMatchObject({ state: 'submitted', submission: { unresolved: false } });
    expect(driver.claim('w1').answer.kind).toBe('wait');
    expect(driver.claim('c1', { work: 'commit' }).answer.kind).toBe('wait');
    const { chances } = driver.board;
    driver.command({ kind: 'lane_adopt', lane: 'main', tip: commit(66) });
    expect(driver.board.chances).toBeGreaterThan(chances);
    expect(driver.take('w1').task).toBe('b');
    expect(driver.takeCommit().task).toBe('a');
  });

  it('is not held by a committer that finds what the board knows', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.submit('w1', driver.take('w1'));
    driver.bounced('c1', driver.takeCommit(), 'lane_moved', { found: commit(1) });
    expect(driver.takeCommit().task).toBe('a');
  });

  it('goes on above the fence of an earlier project in the same repository', () => {
    const docs = { home: '/docs', base: 'main', branch: 'waggle/docs', gates: [] };
    const driver = createDriver({ lanes: { ...config.lanes, docs } });
    driver.report('c1', { kind: 'lane', lane: 'docs', tip: commit(1), fence_ref: 40 });
    driver.add({ id: 'a', lane: 'docs' });
    expect(driver.take('w1').fence).toBe(41);
    expect(fold(driver.batches).nextFence).toBe(42);
  });

  it('takes its tip from a lane report only while none is known: such a report may be old', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.submit('w1', driver.take('w1'));
    const grant = driver.takeCommit();
    driver.openLane('main', commit(50));
    expect(driver.board.lanes.get('main')?.moved_to).toBeUndefined();
    expect(driver.command({ kind: 'lane_adopt', lane: 'main', tip: commit(50) }).answer).toMatchObject({
      code: 'committing',
    });
    driver.committed('c1', grant);
    const tip = driver.board.lanes.get('main')?.tip;
    expect(driver.openLane('main', commit(1)).events).toEqual([]);
    expect(driver.board.lanes.get('main')).toMatchObject({ tip });
    expect(driver.board.lanes.get('main')).not.toHaveProperty('moved_to');
  });

  it('fails a submission that its committers die of, once a look-up has said that it is not in the branch', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.submit('w1', driver.take('w1'));
    for (let death = 0; death < 3; death += 1) driver.takeover(driver.takeCommit());
    expect(driver.task('a')).toMatchObject({
      state: 'submitted',
      losses: 0,
      submission: { unresolved: true },
    });
    driver.bounced('c1', driver.takeCommit(), 'bundle_damaged', { detail: '3 committers died' });
    expect(driver.task('a')).toMatchObject({
      state: 'failed',
      blocked_reason: expect.stringContaining('3 committers died'),
    });
  });

  it('closes one that its committers died of when the look-up finds it', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.submit('w1', driver.take('w1'));
    for (let death = 0; death < 5; death += 1) driver.takeover(driver.takeCommit());
    driver.committed('c1', driver.takeCommit(), { found: true });
    expect(driver.task('a')).toMatchObject({ state: 'closed', closing: { how: 'committed' } });
  });

  it('counts only deaths, of the submission at hand', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const damaged = () => driver.bounced('c1', driver.takeCommit(), 'bundle_damaged');
    driver.submit('w1', driver.take('w1'));
    driver.takeover(driver.takeCommit());
    // Left without having begun, and given back: nobody died.
    driver.takeCommit();
    driver.claim('c1', { work: 'commit', leaving: true });
    driver.bounced('c1', driver.takeCommit(), 'drained');
    driver.takeover(driver.takeCommit());
    damaged();
    expect(driver.task('a')).toMatchObject({ state: 'open', losses: 1 });
    driver.submit('w1', driver.take('w1'));
    driver.takeover(driver.takeCommit());
    damaged();
    expect(driver.task('a')).toMatchObject({ state: 'open', losses: 2 });
  });

  it('says once that its queue ran empty with a committer waiting', () => {
    const driver = createDriver();
    const idle = (applied: { events: readonly { type: string }[] }) => applied.events.map(({ type }) => type);
    expect(idle(driver.claim('c1', { work: 'commit' }))).toContain('commit_idle');
    expect(idle(driver.claim('c1', { work: 'commit' }))).toEqual([]);
    driver.add({ id: 'a' });
    driver.submit('w1', driver.take('w1'));
    driver.committed('c1', driver.takeCommit());
    expect(idle(driver.claim('c1', { work: 'commit' }))).toEqual(['commit_idle']);
  });

  it('that left the configuration takes none of its ended tasks back', () => {
    const driver = twoLanes();
    driver.add({ id: 'a', lane: 'docs' });
    driver.command({ kind: 'cancel', task: 'a' });
    driver.configure({ lanes: config.lanes });
    for (const kind of ['reopen', 'retry'] as const) {
      expect(driver.command({ kind, task: 'a' }).answer).toMatchObject({ code: 'unknown-lane' });
    }
  });
});
