import { describe, expect, it } from 'vitest';
import { commit, createDriver } from './board-driver.ts';

/** Task `a` whose submission a committer has been granted, and maybe landed. */
const scene = () => {
  const driver = createDriver({ gates: { 'VG-1': { name: 'VG-1', run: 'true', timeout_ms: 1 } } });
  driver.add({ id: 'a' });
  driver.submit('w1', driver.take('w1'));
  return { driver, grant: driver.takeCommit() };
};
const verbs = [
  ['cancel', { kind: 'cancel', task: 'a', reason: 'wrong idea' }, 'cancelled'],
  ['close', { kind: 'close', task: 'a', no_change: true }, 'closed'],
  ['retry', { kind: 'retry', task: 'a' }, 'open'],
] as const;

describe.each(verbs)('%s, asked while the committer works,', (_, command, state) => {
  it('is recorded and says so', () => {
    const { driver } = scene();
    const { answer } = driver.command(command);
    expect(answer).toMatchObject({ status: 'ok', tasks: [{ state: 'committing', deferred: true }] });
    expect(driver.task('a').state).toBe('committing');
  });

  it('loses against a commit that landed', () => {
    const { driver, grant } = scene();
    driver.command(command);
    driver.committed('c1', grant);
    expect(driver.task('a')).toMatchObject({ state: 'closed', closing: { how: 'committed' } });
    expect(driver.task('a').deferred).toBeUndefined();
  });

  it.each(['conflict', 'gate', 'bundle_missing', 'lane_moved', 'empty'])(
    'holds after a look-up that ends in %s',
    (reason) => {
      const { driver, grant } = scene();
      driver.command(command);
      driver.bounced('c1', grant, reason, reason === 'lane_moved' ? { found: commit(99) } : {});
      expect(driver.task('a').state).toBe(state);
      expect(driver.board.lanes.get('main')?.moved_to).toBe(reason === 'lane_moved' ? commit(99) : undefined);
    },
  );

  it('still waits after a committer gave the grant back or died without a look', () => {
    const { driver, grant } = scene();
    driver.command(command);
    driver.bounced('c1', grant, 'drained');
    expect(driver.task('a').state).toBe('submitted');
    const second = driver.takeCommit('c2');
    driver.takeover(second);
    expect(driver.task('a').deferred).toHaveLength(1);
    driver.bounced('c1', driver.takeCommit(), 'conflict');
    expect(driver.task('a').state).toBe(state);
  });
});

describe('verbs while the committer works', () => {
  it('leave the last of them in force', () => {
    const { driver, grant } = scene();
    driver.command({ kind: 'cancel', task: 'a' });
    driver.command({ kind: 'retry', task: 'a' });
    driver.bounced('c1', grant, 'conflict');
    expect(driver.task('a')).toMatchObject({ state: 'open', conflicts: 0 });
  });

  it('apply deferred edits when the task comes back, its bound of attempts included', () => {
    const { driver, grant } = scene();
    driver.command({ kind: 'edit', task: 'a', patch: { title: 'better', max_attempts: 1 } });
    expect(driver.task('a').title).toBe('do a');
    driver.bounced('c1', grant, 'gate');
    expect(driver.task('a')).toMatchObject({ title: 'better', state: 'failed' });
  });

  it('refuse to block it or to change its deps', () => {
    const { driver } = scene();
    driver.add({ id: 'b' });
    expect(driver.command({ kind: 'block', task: 'a', reason: 'x' }).answer).toMatchObject({
      code: 'committing',
    });
    const relink = driver.command({ kind: 'edit', task: 'a', patch: { deps: ['b'] } });
    expect(relink.answer).toMatchObject({ code: 'committing' });
  });

  it('demand the gates’ waiver of a deferred close as of any other, and keep what the operator said', () => {
    const { driver, grant } = scene();
    driver.command({ kind: 'edit', task: 'a', patch: { gates: ['VG-1'] } });
    driver.bounced('c1', grant, 'conflict');
    driver.submit('w1', driver.take('w1'));
    const again = driver.takeCommit();
    const close = { kind: 'close', task: 'a', commit: commit(5) } as const;
    expect(driver.command(close).answer).toMatchObject({ code: 'gates-required' });
    driver.command({ ...close, reason: 'by hand', waive_gates: 'known' });
    driver.bounced('c1', again, 'conflict');
    expect(driver.task('a').closing?.note).toBe(
      `closed with commit ${commit(5)}; by hand; gates waived: known`,
    );
  });

  it('keep gates configured that a deferred edit names', () => {
    const { driver } = scene();
    driver.command({ kind: 'edit', task: 'a', patch: { gates: ['VG-1'] } });
    expect(driver.configure({ gates: {} }).answer).toMatchObject({ code: 'in-use' });
  });

  it('keep the lane pointing where the look-up looks', () => {
    const { driver, grant } = scene();
    const lanes = { main: { home: '/elsewhere', base: 'main', branch: 'waggle/main', gates: [] } };
    expect(driver.configure({ lanes }).answer).toMatchObject({ code: 'in-use' });
    driver.committed('c1', grant);
    expect(driver.configure({ lanes }).answer.status).toBe('ok');
  });

  it('are bounded in number', () => {
    const { driver } = scene();
    for (let turn = 0; turn < 100; turn += 1) driver.command({ kind: 'cancel', task: 'a' });
    expect(driver.command({ kind: 'cancel', task: 'a' }).answer).toMatchObject({ code: 'committing' });
  });
});

describe('verbs before a committer had it', () => {
  it.each(verbs)('%s takes effect at once', (_, command, state) => {
    const driver = createDriver();
    driver.add({ id: 'a' }, { id: 'b' });
    driver.submit('w1', driver.take('w1'));
    driver.command(command);
    expect(driver.task('a').state).toBe(state);
    expect(driver.claim('c1', { work: 'commit' }).answer.kind).toBe('wait');
    expect(driver.task('a').closing?.note).toBe(state === 'closed' ? 'closed without change' : undefined);
  });

  it('a close ends a worker’s grant and says that nothing was changed', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const grant = driver.take('w1');
    driver.command({ kind: 'close', task: 'a', no_change: true });
    expect(driver.task('a').closing?.note).toBe('closed without change');
    expect(driver.submit('w1', grant).answer).toMatchObject({ code: 'fenced' });
  });
});
