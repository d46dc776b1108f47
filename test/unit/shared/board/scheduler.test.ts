import { describe, expect, it } from 'vitest';
import type { TaskSpec } from '../../../../schemas/index.ts';
import { createPathScopes } from '../../../../shared/board/path-scopes.ts';
import { type ClaimPart, config, createDriver, type Driver } from './board-driver.ts';

type Spec = Partial<TaskSpec> & { id: string };
const offered = (driver: Driver, agent: string, part: ClaimPart = {}) => {
  const { answer } = driver.claim(agent, part);
  return answer.kind === 'granted' ? driver.board.grants.get(answer.fence) : answer.kind;
};
/** What the claims of new workers get, one after another. */
const order = (driver: Driver, count: number, part: ClaimPart = {}) =>
  Array.from({ length: count }, (_, index) => offered(driver, `n${index}`, part));
const chores = (...specs: Spec[]) => specs.map((spec) => ({ expects: 'none' as const, ...spec }));

describe('the scheduler', () => {
  it('goes by priority, then by age', () => {
    const driver = createDriver();
    driver.add({ id: 'a', priority: 'P3' }, { id: 'b' }, { id: 'c', priority: 'P0' }, { id: 'd' });
    expect(order(driver, 5)).toEqual(['c', 'b', 'd', 'a', 'wait']);
  });

  it('follows an edited priority', () => {
    const driver = createDriver();
    driver.add({ id: 'a' }, { id: 'b' }, { id: 'c' });
    driver.command({ kind: 'edit', task: 'c', patch: { priority: 'P1' } });
    driver.command({ kind: 'edit', task: 'a', patch: { priority: 'P4' } });
    expect(order(driver, 3)).toEqual(['c', 'b', 'a']);
  });

  it('compares tasks of different paths by what is best among them now', () => {
    const driver = createDriver();
    const on = (path: string) => ({ paths: [path] });
    driver.add({ id: 'a', ...on('x') }, { id: 'b', ...on('y') }, { id: 'c', priority: 'P3', ...on('y') });
    driver.command({ kind: 'edit', task: 'c', patch: { priority: 'P0' } });
    expect(order(driver, 3)).toEqual(['c', 'a', 'wait']);
  });

  it.each<[string, NonNullable<TaskSpec['requires']>, ClaimPart['capabilities'], ClaimPart['capabilities']]>([
    ['harness', { harness: 'codex' }, {}, { harness: 'codex' }],
    ['profile', { profile: 'p9' }, {}, { profile: 'p9' }],
    ['os', { os: 'darwin' }, {}, { os: 'darwin' }],
    ['repo', { repo: 'r' }, { repos: ['q'] }, { repos: ['q', 'r'] }],
    ['labels', { labels: ['x', 'y'] }, { labels: ['x'] }, { labels: ['y', 'x'] }],
  ])('gives a task to nobody without the %s it requires', (_, requires, without, withIt) => {
    const driver = createDriver();
    driver.add({ id: 'a', requires });
    expect(offered(driver, 'w1', { capabilities: without ?? {} })).toBe('wait');
    expect(offered(driver, 'w2', { capabilities: withIt ?? {} })).toBe('a');
  });

  it('gives work only in the lanes that a worker serves', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    expect(offered(driver, 'w1', { capabilities: { lanes: ['docs'] } })).toBe('wait');
    expect(offered(driver, 'w2', { capabilities: { lanes: ['main'] } })).toBe('a');
  });

  it('shares between weighted labels by their weights', () => {
    const driver = createDriver();
    driver.policies({ weights: { ui: 1, db: 3 } });
    const many = (label: string) =>
      Array.from({ length: 20 }, (_, index) => ({ id: `${label}${index}`, labels: [label] }));
    driver.add(...chores(...many('ui'), ...many('db')));
    const given = order(driver, 20).map((id) => id?.slice(0, 2));
    expect(given.filter((label) => label === 'db')).toHaveLength(15);
  });

  it('takes labels for weights only where a weight was given', () => {
    const driver = createDriver();
    driver.policies({ weights: { ui: 2 } });
    driver.add(
      ...chores({ id: 'a', labels: ['constructor'] }, { id: 'b', labels: ['toString'] }, { id: 'c' }),
    );
    expect(order(driver, 3)).toEqual(['a', 'b', 'c']);
    expect(driver.board.load.share('')).toBe(3);
  });
});

describe('caps', () => {
  it.each<[string, object, Spec, ClaimPart]>([
    ['of the project', { policies: { ...config.policies, max_grants: 2 } }, { id: 'x' }, {}],
    ['of heavy tasks', { policies: { ...config.policies, max_heavy: 2 } }, { id: 'x', heavy: true }, {}],
    [
      'of a lane',
      { policies: { ...config.policies, max_per_lane: 2 } },
      { id: 'x', lane: 'main', expects: 'change' },
      {},
    ],
    ['of a profile', { profiles: { p1: { max_concurrency: 2 } } }, { id: 'x' }, {}],
  ])('%s are exact, and an end makes room', (_, changes, spec, part) => {
    const driver = createDriver(changes);
    driver.add(...chores({ ...spec, id: 'a' }, { ...spec, id: 'b' }, { ...spec, id: 'c' }));
    expect(order(driver, 3, part)).toEqual(['a', 'b', 'wait']);
    driver.command({ kind: 'cancel', task: 'a' });
    expect(offered(driver, 'w9', part)).toBe('c');
  });

  it('count a task as heavy from the edit that makes it so, and never lose count', () => {
    const driver = createDriver();
    driver.add(...chores({ id: 'a' }, { id: 'b', heavy: true }));
    offered(driver, 'w1');
    driver.command({ kind: 'edit', task: 'a', patch: { heavy: true } });
    expect(offered(driver, 'w2')).toBe('wait');
    driver.command({ kind: 'edit', task: 'a', patch: { heavy: false } });
    expect(offered(driver, 'w2')).toBe('b');
    driver.command({ kind: 'edit', task: 'b', patch: { heavy: false, labels: ['x'] } });
    driver.command({ kind: 'cancel', task: 'b' });
    driver.command({ kind: 'cancel', task: 'a' });
    expect([driver.board.load.heavy(), driver.board.load.total()]).toEqual([0, 0]);
  });

  it('stay exact when the configuration changes under live grants', () => {
    const driver = createDriver({ profiles: { p1: { max_concurrency: 1 } } });
    driver.add(...chores({ id: 'a', labels: ['ui'] }, { id: 'b' }));
    offered(driver, 'w1');
    driver.configure({ profiles: {} });
    driver.policies({ weights: { ui: 5 } });
    driver.command({ kind: 'cancel', task: 'a' });
    expect([driver.board.load.total(), driver.board.load.profile('p1')]).toEqual([0, 0]);
    driver.configure({ profiles: { p1: { max_concurrency: 1 } } });
    expect(order(driver, 2)).toEqual(['b', 'wait']);
  });

  it('do not count what a person holds', () => {
    const driver = createDriver();
    driver.policies({ max_grants: 1 });
    driver.add(...chores({ id: 'a' }, { id: 'b' }));
    driver.command({ kind: 'start', task: 'a' });
    expect(offered(driver, 'w1')).toBe('b');
  });
});

describe('overlapping paths', () => {
  const overlap = (policies = {}) => {
    const driver = createDriver();
    driver.policies(policies);
    driver.add(
      { id: 'a', paths: ['src/a'] },
      { id: 'b', paths: ['src/a/x.ts'] },
      { id: 'c', paths: ['src/ab'] },
    );
    return driver;
  };

  it('take turns, also past the submission, until it is committed', () => {
    const driver = overlap();
    const grant = driver.take('w1');
    expect(order(driver, 2)).toEqual(['c', 'wait']);
    driver.submit('w1', grant);
    expect(offered(driver, 'w3')).toBe('wait');
    driver.committed('c1', driver.takeCommit());
    expect(offered(driver, 'w4')).toBe('b');
  });

  it('only say so where the policy is to warn', () => {
    expect(order(overlap({ paths: 'warn' }), 3)).toEqual(['a', 'b', 'c']);
  });

  it('let a parked task go when the policy changes to warn', () => {
    const driver = overlap();
    expect(order(driver, 3)).toEqual(['a', 'c', 'wait']);
    driver.add({ id: 'd', paths: ['src/a/x.ts'] });
    driver.policies({ paths: 'warn' });
    expect([offered(driver, 'w8'), offered(driver, 'w9')]).toEqual(['b', 'd']);
  });

  it.each<[string, (driver: Driver) => void]>([
    ['is cancelled', (d) => void d.command({ kind: 'cancel', task: 'a' })],
    ['is blocked', (d) => void d.command({ kind: 'block', task: 'a', reason: 'x' })],
    [
      'is edited to other paths',
      (d) => void d.command({ kind: 'edit', task: 'a', patch: { paths: ['docs'] } }),
    ],
    ['is closed by hand', (d) => void d.command({ kind: 'close', task: 'a', no_change: true })],
  ])('let a parked task go when its holder %s, and wake who waits', (_, act) => {
    const driver = overlap();
    expect(order(driver, 3)).toEqual(['a', 'c', 'wait']);
    const { chances } = driver.board;
    act(driver);
    expect(driver.board.chances).toBeGreaterThan(chances);
    expect(offered(driver, 'w9')).toBe('b');
  });

  it('let a parked task go when its own paths are edited, and hold one that was edited into them', () => {
    const driver = overlap();
    expect(order(driver, 3)).toEqual(['a', 'c', 'wait']);
    driver.command({ kind: 'edit', task: 'b', patch: { paths: ['docs'] } });
    driver.add({ id: 'd', paths: ['lib'] });
    driver.command({ kind: 'edit', task: 'd', patch: { paths: ['src'] } });
    expect([offered(driver, 'w8'), offered(driver, 'w9')]).toEqual(['b', 'wait']);
  });

  it('hold others from a submission that a person made by hand', () => {
    const driver = overlap();
    driver.command({ kind: 'start', task: 'a' }, 'ann');
    const { fence, run } = driver.task('a').grant!;
    driver.submit('ann', { task: 'a', fence, run } as never);
    expect(order(driver, 2)).toEqual(['c', 'wait']);
  });

  it('are those of one lane', () => {
    const lane = { base: 'main', gates: [] };
    const driver = createDriver({
      lanes: { main: { home: '/a', branch: 'a', ...lane }, docs: { home: '/b', branch: 'b', ...lane } },
    });
    driver.openLane('docs');
    driver.add({ id: 'a', lane: 'main', paths: ['x'] }, { id: 'b', lane: 'docs', paths: ['x'] });
    expect(order(driver, 2)).toEqual(['a', 'b']);
  });
});

describe('path scopes', () => {
  it.each([
    ['src', 'src/a.ts', true],
    ['src/a.ts', 'src', true],
    ['src/a', 'src/ab', false],
    ['./src//a/', 'src/a', true],
    ['.', 'anything/at/all', true],
    ['docs', '.', true],
    ['a/b/c', 'a/b/d', false],
  ])('%s and %s overlap: %s', (one, two, meets) => {
    const scopes = createPathScopes();
    scopes.add('t', [one]);
    expect(scopes.overlap([two], 'u') === 't').toBe(meets);
    expect(scopes.overlap([two], 't')).toBeUndefined();
    scopes.remove('t', [one]);
    expect(scopes.overlap([two], 'u')).toBeUndefined();
  });
});
