import { describe, expect, it } from 'vitest';
import { heldAncestor, isReady, passTime } from '../../../../shared/board/readiness.ts';
import { createDriver, type Driver } from './board-driver.ts';

const ready = (driver: Driver) => {
  passTime(driver.board, driver.now);
  return driver.board.ready.all();
};
const close = (driver: Driver, task: string) => driver.command({ kind: 'close', task, no_change: true });

describe('a task is ready', () => {
  it('when all its deps are closed, each counted once', () => {
    const driver = createDriver();
    driver.add({ id: 'a' }, { id: 'b' }, { id: 'c', deps: ['a', 'b', 'a'] });
    expect(driver.task('c').deps).toEqual(['a', 'b']);
    close(driver, 'a');
    expect(ready(driver)).toEqual(['b']);
    close(driver, 'b');
    expect(ready(driver)).toEqual(['c']);
  });

  it('when an edit names a dep twice and the dep closes', () => {
    const driver = createDriver();
    driver.add({ id: 'a' }, { id: 'b' });
    driver.command({ kind: 'edit', task: 'b', patch: { deps: ['a', 'a'] } });
    close(driver, 'a');
    expect(ready(driver)).toEqual(['b']);
  });

  it('when its not_before has passed, also when that lies in the past from the start', () => {
    const driver = createDriver();
    driver.add({ id: 'past', not_before: driver.now - 1 }, { id: 'later', not_before: driver.now + 10 });
    expect(driver.board.ready.all()).toEqual(['past']);
    expect(driver.board.ready.nextDue()).toBe(driver.now + 10);
    driver.now += 10;
    expect(ready(driver)).toEqual(['past', 'later']);
  });

  it('when no ancestor waits or is blocked, however far up', () => {
    const driver = createDriver();
    driver.add(
      { id: 'dep' },
      { id: 'top', deps: ['dep'] },
      { id: 'mid', parent: 'top' },
      { id: 'low', parent: 'mid' },
    );
    expect(ready(driver)).toEqual(['dep']);
    expect(heldAncestor(driver.board, driver.task('low'))?.id).toBe('top');
    close(driver, 'dep');
    expect(ready(driver)).toEqual(['top', 'mid', 'low']);
    driver.command({ kind: 'block', task: 'top', reason: 'stop' });
    expect(ready(driver)).toEqual([]);
    driver.command({ kind: 'reopen', task: 'top' });
    expect(ready(driver)).toEqual(['top', 'mid', 'low']);
  });

  it('below an ancestor that ended, whatever that one had waited for', () => {
    const driver = createDriver();
    driver.add({ id: 'dep' }, { id: 'top', deps: ['dep'] }, { id: 'low', parent: 'top' });
    driver.command({ kind: 'cancel', task: 'top' });
    expect(ready(driver)).toEqual(['dep', 'low']);
  });

  it('after an edit moved it from under a blocked parent, and not after one moved it there', () => {
    const driver = createDriver();
    driver.add({ id: 'p' }, { id: 'q' }, { id: 'a', parent: 'p' }, { id: 'b', parent: 'a' });
    driver.command({ kind: 'block', task: 'p', reason: 'stop' });
    expect(ready(driver)).toEqual(['q']);
    driver.command({ kind: 'edit', task: 'a', patch: { parent: 'q' } });
    expect(ready(driver)).toEqual(['q', 'a', 'b']);
    driver.command({ kind: 'edit', task: 'a', patch: { parent: 'p' } });
    expect(ready(driver)).toEqual(['q']);
    driver.command({ kind: 'edit', task: 'a', patch: { parent: null } });
    expect(ready(driver)).toEqual(['q', 'a', 'b']);
  });

  it('no more when a closed dep is reopened; who is at work already goes on', () => {
    const driver = createDriver();
    driver.add({ id: 'dep', expects: 'none' }, { id: 'a', deps: ['dep'] }, { id: 'b', deps: ['dep'] });
    close(driver, 'dep');
    const grant = driver.take('w1');
    driver.command({ kind: 'reopen', task: 'dep' });
    expect(ready(driver)).toEqual(['dep']);
    expect(driver.submit('w1', grant).answer.status).toBe('accepted');
  });
});

describe('a dep that ends failed or cancelled', () => {
  it('blocks its dependents, and they open when it comes back', () => {
    const driver = createDriver();
    driver.add({ id: 'dep' }, { id: 'a', deps: ['dep'] });
    driver.command({ kind: 'cancel', task: 'dep' });
    expect(driver.task('a')).toMatchObject({
      state: 'blocked',
      blocked_on: 'dep',
      blocked_reason: 'dep dep ended cancelled',
    });
    driver.command({ kind: 'retry', task: 'dep' });
    expect(driver.task('a').state).toBe('open');
  });

  it('keeps them blocked while another such dep remains', () => {
    const driver = createDriver();
    driver.add({ id: 'x' }, { id: 'y' }, { id: 'a', deps: ['x', 'y'] });
    driver.command({ kind: 'cancel', task: 'x' });
    driver.command({ kind: 'cancel', task: 'y' });
    driver.command({ kind: 'reopen', task: 'x' });
    expect(driver.task('a')).toMatchObject({ state: 'blocked', blocked_on: 'y' });
  });

  it('blocks a dependent that was at work as soon as it comes back', () => {
    const driver = createDriver();
    driver.add({ id: 'dep' }, { id: 'a', deps: ['dep'] });
    close(driver, 'dep');
    const grant = driver.take('w1');
    driver.command({ kind: 'reopen', task: 'dep' });
    driver.command({ kind: 'cancel', task: 'dep' });
    expect(driver.task('a').state).toBe('claimed');
    driver.fail('w1', grant);
    expect(driver.task('a')).toMatchObject({ state: 'blocked', blocked_on: 'dep', attempts: 1 });
  });

  it('blocks a dependent again that a person reopens, and says so', () => {
    const driver = createDriver();
    driver.add({ id: 'dep' }, { id: 'a', deps: ['dep'] });
    driver.command({ kind: 'cancel', task: 'dep' });
    const { answer } = driver.command({ kind: 'reopen', task: 'a' });
    expect(answer).toMatchObject({ tasks: [{ state: 'blocked', revision: driver.task('a').revision }] });
    driver.command({ kind: 'reopen', task: 'dep' });
    expect(driver.task('a').state).toBe('open');
  });

  it('blocks a new dependent from the start, and the answer says so', () => {
    const driver = createDriver();
    driver.add({ id: 'dep' });
    driver.command({ kind: 'cancel', task: 'dep' });
    const { answer } = driver.add({ id: 'a', deps: ['dep'] });
    expect(answer).toMatchObject({ tasks: [{ id: 'a', state: 'blocked', revision: 2 }] });
    expect(driver.task('a')).toMatchObject({ state: 'blocked', revision: 2 });
  });

  it('lets go of a dependent that an edit frees from it, and takes one that an edit gives to it', () => {
    const driver = createDriver();
    driver.add({ id: 'x' }, { id: 'y' }, { id: 'a', deps: ['x'] });
    driver.command({ kind: 'cancel', task: 'x' });
    driver.command({ kind: 'cancel', task: 'y' });
    driver.command({ kind: 'edit', task: 'a', patch: { deps: ['y'] } });
    expect(driver.task('a')).toMatchObject({ state: 'blocked', blocked_on: 'y' });
    driver.command({ kind: 'edit', task: 'a', patch: { deps: [] } });
    expect(driver.task('a').state).toBe('open');
    driver.command({ kind: 'edit', task: 'a', patch: { deps: ['x'] } });
    expect(driver.task('a')).toMatchObject({ state: 'blocked', blocked_on: 'x' });
  });

  it('does not open what a person has blocked meanwhile', () => {
    const driver = createDriver();
    driver.add({ id: 'dep' }, { id: 'a', deps: ['dep'] });
    driver.command({ kind: 'cancel', task: 'dep' });
    driver.command({ kind: 'block', task: 'a', reason: 'not now' });
    driver.command({ kind: 'retry', task: 'dep' });
    expect(driver.task('a')).toMatchObject({ state: 'blocked', blocked_reason: 'not now' });
  });
});

describe('large graphs', () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `t${index}`);

  it('hold a chain of 10,000 parents, which opens and shuts as one', () => {
    const driver = createDriver();
    driver.add({ id: 'dep' });
    driver.add(
      ...ids.map((id, index) => (index === 0 ? { id, deps: ['dep'] } : { id, parent: `t${index - 1}` })),
    );
    expect(driver.board.ready.size()).toBe(1);
    close(driver, 'dep');
    expect(driver.board.ready.size()).toBe(10_000);
    expect(isReady(driver.board, driver.task('t9999'), driver.now)).toBe(true);
    driver.command({ kind: 'block', task: 't5000', reason: 'half' });
    expect(driver.board.ready.size()).toBe(5_000);
  });

  it('hold a chain of 10,000 deps and see the cycle that would close it', () => {
    const driver = createDriver();
    driver.add(...ids.map((id, index) => (index === 0 ? { id } : { id, deps: [`t${index - 1}`] })));
    const { answer } = driver.command({ kind: 'edit', task: 't0', patch: { deps: ['t9999'] } });
    expect(answer).toMatchObject({ code: 'cycle' });
    expect('message' in answer && answer.message.length).toBeLessThan(5_000);
  });

  it('hold 10,000 dependents of one task', () => {
    const driver = createDriver();
    driver.add({ id: 'dep' }, ...ids.slice(0, 9_999).map((id) => ({ id, deps: ['dep'] })));
    driver.command({ kind: 'cancel', task: 'dep' });
    expect(driver.board.counts.get('blocked')).toBe(9_999);
    driver.command({ kind: 'retry', task: 'dep' });
    close(driver, 'dep');
    expect(driver.board.ready.size()).toBe(9_999);
  });

  it('refuse a cycle of 10,000 new tasks through deps and parents, named once and briefly', () => {
    const driver = createDriver();
    const tasks = ids.map((id, index) => {
      const before = `t${(index + 9_999) % 10_000}`;
      return { id, title: id, ...(index % 2 === 0 ? { parent: before } : { deps: [before] }) };
    });
    const { answer } = driver.command({ kind: 'add', tasks });
    expect(answer).toMatchObject({ status: 'refused', code: 'cycle', problems: [{ code: 'cycle' }] });
    expect('problems' in answer && answer.problems).toHaveLength(1);
    expect(JSON.stringify(answer).length).toBeLessThan(10_000);
  });
});
