import { describe, expect, it } from 'vitest';
import { explain } from '../../../../shared/board/explain.ts';
import { commit, config, createDriver, type Driver, rights } from './board-driver.ts';

const rules = (driver: Driver, id = 'a') =>
  explain(driver.board, driver.task(id), driver.now).map(({ rule }) => rule);
const said = (driver: Driver, id = 'a') => explain(driver.board, driver.task(id), driver.now)[0]?.message;

describe('explain names the rule that holds a task back', () => {
  it('all of them, when several do', () => {
    const driver = createDriver();
    driver.add(
      { id: 'dep' },
      { id: 'top' },
      { id: 'a', deps: ['dep'], parent: 'top', not_before: driver.now + 5_000 },
    );
    driver.command({ kind: 'block', task: 'top', reason: 'x' });
    expect(rules(driver)).toEqual(['deps', 'ancestor', 'not-before']);
    expect(said(driver)).toBe('waits for dep (open)');
  });

  it('backoff', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.fail('w1', driver.take('w1'));
    expect(said(driver)).toMatch(/^backs off after a failed try: \d+ s to go$/);
  });

  it('caps of the project, of heavy tasks, of the lane and of a required profile', () => {
    const driver = createDriver({ profiles: { p1: { max_concurrency: 1 } } });
    driver.add({ id: 'b', heavy: true }, { id: 'a', heavy: true, requires: { profile: 'p1' } });
    driver.take('w1');
    expect(rules(driver)).toEqual(['cap-heavy']);
    driver.policies({ max_heavy: 9 });
    expect(rules(driver)).toEqual(['cap-profile']);
    driver.configure({ profiles: {} });
    driver.policies({ max_per_lane: 1 });
    expect(rules(driver)).toEqual(['cap-lane']);
    driver.policies({ max_grants: 1 });
    expect(rules(driver)).toEqual(['cap-grants']);
  });

  it('paths, or their overlap as a warning', () => {
    const driver = createDriver();
    driver.add({ id: 'b', paths: ['src'] }, { id: 'a', paths: ['src/x'] });
    driver.take('w1');
    expect(rules(driver)).toEqual(['paths']);
    driver.policies({ paths: 'warn' });
    expect(said(driver)).toBe(
      'nothing holds it back: it waits for any worker (its paths overlap those of b, which is under way)',
    );
  });

  it('the lane, unopened or moved', () => {
    const driver = createDriver();
    driver.configure({
      lanes: { ...config.lanes, docs: { home: '/d', base: 'main', branch: 'x', gates: [] } },
    });
    driver.add({ id: 'a', lane: 'docs' }, { id: 'b', lane: 'main' });
    expect(rules(driver)).toEqual(['lane-unopened']);
    driver.openLane('main');
    driver.submit('w1', driver.take('w1'));
    driver.report('c1', {
      kind: 'bounced',
      ...rights(driver.takeCommit()),
      lane: 'main',
      reason: 'lane_moved',
      detail: 'somebody committed',
      found: commit(9),
    });
    driver.add({ id: 'c', lane: 'main' });
    expect(rules(driver, 'c')).toEqual(['lane-held']);
    expect(said(driver, 'c')).toContain(`waggle lane adopt main ${commit(9)}`);
  });

  it('nothing, and then whom it waits for', () => {
    const driver = createDriver();
    driver.add({ id: 'a', requires: { os: 'darwin' } });
    expect(said(driver)).toBe('nothing holds it back: it waits for a worker with os=darwin');
  });
});

describe('explain follows a task', () => {
  it('to its worker, the committer’s queue, the committer and its end', () => {
    const driver = createDriver();
    driver.add({ id: 'b' }, { id: 'a' });
    driver.submit('w1', driver.take('w1'));
    const grant = driver.take('w2');
    expect(said(driver)).toBe(`claimed by w2 (work, fence ${grant.fence})`);
    driver.submit('w2', grant);
    expect(said(driver)).toBe('waits for a committer of lane main; 1 before it');
    const first = driver.takeCommit();
    expect(rules(driver)).toEqual(['lane-busy']);
    driver.command({ kind: 'cancel', task: 'b' });
    expect(said(driver, 'b')).toBe(
      `committing by c1 (commit, fence ${first.fence}); asked meanwhile: cancel`,
    );
    driver.takeover(first);
    expect(said(driver, 'b')).toBe(
      'waits for a committer of lane main; 0 before it; asked meanwhile: cancel',
    );
    driver.committed('c1', driver.takeCommit());
    expect(said(driver, 'b')).toMatch(/^closed by w1: commit [0-9a-f]{40}$/);
  });

  it('to where a person has to look', () => {
    const driver = createDriver();
    driver.add({ id: 'a' }, { id: 'b', deps: ['a'] });
    driver.command({ kind: 'cancel', task: 'a' });
    expect(said(driver)).toBe('cancelled by an operator');
    expect(explain(driver.board, driver.task('b'), driver.now)).toEqual([
      { rule: 'blocked', message: 'dep a ended cancelled', tasks: ['a'] },
    ]);
  });
});
