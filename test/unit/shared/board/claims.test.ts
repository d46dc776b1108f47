import { describe, expect, it } from 'vitest';
import { createDriver, rights } from './board-driver.ts';

describe('a repeated claim', () => {
  it('gets the same grant again, as often as it is sent', () => {
    const driver = createDriver();
    driver.add({ id: 'a' }, { id: 'b' });
    const grant = driver.take('w1', { number: 1 });
    const again = driver.claim('w1', { number: 1 });
    expect(again).toEqual({ events: [], answer: { kind: 'granted', fence: grant.fence } });
  });

  it('is told how its grant ended', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const grant = driver.take('w1', { number: 1 });
    driver.takeover(grant);
    expect(driver.claim('w1', { number: 1 }).answer).toEqual({
      kind: 'ended',
      fence: grant.fence,
      why: 'takeover',
    });
  });

  it('is void when a higher number of its slot was granted', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.take('w1', { number: 7 });
    expect(driver.claim('w1', { number: 6 }).answer).toMatchObject({ kind: 'refused', code: 'voided' });
  });
});

describe('a higher number', () => {
  it('releases the slot’s grant when the claim does not list it', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const lost = driver.take('w1', { number: 1 });
    const grant = driver.take('w1', { number: 2 });
    expect(grant).toMatchObject({ task: 'a', fence: lost.fence + 1 });
    expect(driver.task('a')).toMatchObject({ losses: 1, last_end: { fence: lost.fence, why: 'unlisted' } });
  });

  it('is refused while the slot still holds what it lists', () => {
    const driver = createDriver();
    driver.add({ id: 'a' }, { id: 'b' });
    const grant = driver.take('w1');
    expect(driver.claim('w1', { holds: [grant.fence] }).answer).toMatchObject({ code: 'slot-busy' });
    expect(driver.take('w1', { slot: 1 }).task).toBe('b');
  });
});

describe('a new incarnation', () => {
  it('of the same place ends the old grants at once, and the old one is never accepted again', () => {
    const driver = createDriver();
    driver.add({ id: 'a' }, { id: 'b' });
    driver.take('w1');
    driver.take('w1', { slot: 1 });
    expect(driver.take('w1', { incarnation: 'w1-2' }).task).toBe('a');
    expect([driver.task('a').losses, driver.task('b').losses]).toEqual([1, 1]);
    expect(driver.claim('w1', { incarnation: 'w1-1' }).answer).toMatchObject({ code: 'incarnation-ended' });
  });

  it.each([['host'], ['boot'], ['state']])('with another %s waits for a lease of silence', (part) => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.take('w1');
    const other = { incarnation: 'w1-2', place: { [part]: 'other' } };
    expect(driver.claim('w1', { ...other, silentMs: 29_999 }).answer).toMatchObject({
      code: 'name-in-use',
      retryable: true,
    });
    expect(driver.take('w1', { ...other, silentMs: 30_000 }).task).toBe('a');
  });

  it('blocks once what depended on any of the tasks that failed with its predecessor', () => {
    const driver = createDriver();
    driver.policies({ max_losses: 1 });
    driver.add({ id: 'a' }, { id: 'b' }, { id: 'c', deps: ['a', 'b'] });
    driver.take('w1');
    driver.take('w1', { slot: 1 });
    const { events } = driver.claim('w1', { incarnation: 'w1-2' });
    expect(driver.task('a').state + driver.task('b').state).toBe('failedfailed');
    expect(events.filter(({ type }) => type === 'task_moved')).toHaveLength(1);
    expect(driver.task('c')).toMatchObject({ state: 'blocked', blocked_on: 'a' });
  });
});

describe('a repeated report', () => {
  it('that ended a grant gets the first answer and changes nothing, also when the task is granted again', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const grant = driver.take('w1');
    const report = { id: 'r1', kind: 'released', ...rights(grant), reason: 'drain' } as const;
    const first = driver.report('w1', report);
    expect(driver.report('w1', report)).toEqual({ events: [], answer: first.answer });
    driver.take('w2');
    expect(driver.report('w1', report)).toEqual({ events: [], answer: first.answer });
  });

  it('gets the first answer when its task was committed meanwhile: the first one may never have arrived', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const grant = driver.take('w1');
    const report = { id: 'r1', ...driver.submitted(grant) };
    const first = driver.report('w1', report);
    driver.committed('c1', driver.takeCommit());
    expect(driver.task('a').state).toBe('closed');
    expect(driver.report('w1', report)).toEqual({ events: [], answer: first.answer });
    expect(driver.report('w1', { ...report, id: 'r2' }).answer).toMatchObject({ code: 'fenced' });
  });

  it('of a committer counts once', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.submit('w1', driver.take('w1'));
    const grant = driver.takeCommit();
    const tip = driver.board.lanes.get('main')?.tip;
    expect(driver.committed('c1', grant, { id: 'r1', old: tip }).answer.status).toBe('accepted');
    expect(driver.committed('c1', grant, { id: 'r1', old: tip }).events).toEqual([]);
    expect(driver.board.lanes.get('main')?.commits).toBe(1);
  });
});

describe('a committer that lost its role', () => {
  it('reports no outcome any more; another one looks', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.submit('w1', driver.take('w1'));
    const grant = driver.takeCommit();
    driver.configure({ roles: { op: 'operator', c2: 'committer', watch: 'stale-takeover' } });
    expect(driver.committed('c1', grant).answer).toMatchObject({ code: 'wrong-role' });
    driver.takeover(grant);
    expect(driver.committed('c2', driver.takeCommit('c2'), { found: true }).answer.status).toBe('accepted');
    expect(driver.board.lanes.get('main')?.commits).toBe(1);
  });
});

describe('the claim of an agent that leaves', () => {
  it('gets nothing, and gives back uncounted what an earlier one was granted unheard', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.take('w1', { number: 1 });
    expect(driver.claim('w1', { number: 2, leaving: true }).answer).toEqual({ kind: 'wait' });
    expect(driver.task('a')).toMatchObject({ state: 'open', losses: 0, last_end: { why: 'released' } });
  });
});
