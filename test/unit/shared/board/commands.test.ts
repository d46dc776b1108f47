import { describe, expect, it } from 'vitest';
import { ANSWERS_KEPT, observable } from '../../../../shared/board/state.ts';
import { commit, config, createDriver, fold } from './board-driver.ts';

describe('a command id', () => {
  it('has one effect and one answer, however often it comes', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const cancel = { kind: 'cancel', task: 'a', id: 'c-1' } as const;
    const first = driver.command(cancel);
    driver.command({ kind: 'reopen', task: 'a' });
    expect(driver.command(cancel)).toEqual({ events: [], answer: first.answer });
    expect(driver.task('a').state).toBe('open');
  });

  it('belongs to who used it first, and to what for', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.command({ kind: 'cancel', task: 'a', id: 'c-1' });
    expect(driver.command({ kind: 'cancel', task: 'a', id: 'c-1' }, 'ann').answer).toMatchObject({
      code: 'id-reused',
    });
    expect(driver.command({ kind: 'retry', task: 'a', id: 'c-1' }).answer).toMatchObject({
      code: 'id-reused',
    });
  });

  it('may be used again after a refusal, which leaves no trace', () => {
    const driver = createDriver();
    const cancel = { kind: 'cancel', task: 'a', id: 'c-1' } as const;
    expect(driver.command(cancel).answer.status).toBe('refused');
    driver.add({ id: 'a' });
    expect(driver.command(cancel).answer.status).toBe('ok');
  });

  it('is remembered for the newest 10,000 commands, on every board alike', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    for (let turn = 0; turn < ANSWERS_KEPT; turn += 1) {
      driver.command({ kind: 'edit', task: 'a', patch: { title: `t${turn}` }, id: `e-${turn}` });
    }
    driver.command({ kind: 'edit', task: 'a', patch: { title: 'last' }, id: 'e-last' });
    expect(driver.board.answers.size).toBe(ANSWERS_KEPT);
    expect(driver.board.answers.has('e-0')).toBe(false);
    expect(driver.board.answers.has('e-1')).toBe(true);
    expect(observable(fold(driver.batches))).toEqual(observable(driver.board));
  });
});

describe('adding', () => {
  it('takes all tasks or none, naming every problem', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const tasks = [
      { id: 'a', title: 'x' },
      { id: 'b', title: 'x', deps: ['nope'], parent: 'neither' },
      { id: 'b', title: 'x', lane: 'constructor' },
      { id: 'c', title: 'x', gates: ['toString'] },
      { id: 'fine', title: 'x' },
    ];
    const { answer } = driver.command({ kind: 'add', tasks });
    const codes = answer.status === 'refused' ? answer.problems?.map(({ code }) => code) : [];
    expect(codes).toEqual([
      'duplicate-id',
      'duplicate-id',
      'unknown-dep',
      'unknown-parent',
      'unknown-lane',
      'unknown-gate',
    ]);
    expect(driver.board.tasks.has('fine')).toBe(false);
  });

  it('needs a lane for a change, and fills in the only one', () => {
    const driver = createDriver();
    driver.add({ id: 'a' }, { id: 'b', expects: 'none' });
    expect([driver.task('a').lane, driver.task('b').lane]).toEqual(['main', undefined]);
    driver.configure({ lanes: { ...config.lanes, docs: config.lanes.main! } });
    driver.add({ id: 'c' });
    expect(driver.task('c').lane).toBe('main');
    const none = createDriver({ lanes: {} });
    const { answer } = none.command({ kind: 'add', tasks: [{ id: 'a', title: 'x' }] });
    expect(answer).toMatchObject({ code: 'no-lane' });
  });

  it('only checks when it is a dry run', () => {
    const driver = createDriver();
    const tasks = [{ id: 'a', title: 'x', deps: ['later'] }];
    const add = { kind: 'add', tasks, dry_run: true } as const;
    expect(driver.command(add).answer).toMatchObject({ code: 'unknown-dep' });
    const assumed = driver.command({ ...add, assume: ['later'] });
    expect(assumed).toMatchObject({
      events: [],
      answer: { status: 'ok', tasks: [{ id: 'a', state: 'open' }] },
    });
    expect(driver.board.tasks.size).toBe(0);
  });

  it('sees a cycle that runs through tasks which were added on an assumption', () => {
    const driver = createDriver();
    driver.command({ kind: 'add', tasks: [{ id: 'a', title: 'x', deps: ['b'] }], assume: ['b'] });
    const { answer } = driver.command({ kind: 'add', tasks: [{ id: 'b', title: 'x', deps: ['a'] }] });
    expect(answer).toMatchObject({ code: 'cycle' });
    driver.add({ id: 'b' });
    driver.command({ kind: 'close', task: 'b', no_change: true });
    expect(driver.take('w1').task).toBe('a');
  });

  it('names at most 500 problems, so that the answer fits a message', () => {
    const driver = createDriver();
    const tasks = Array.from({ length: 2_000 }, (_, index) => ({
      id: `t${index}`,
      title: 'x',
      lane: 'nope',
    }));
    const { answer } = driver.command({ kind: 'add', tasks });
    expect(answer).toMatchObject({ message: expect.stringContaining('(and 1999 more)') });
    expect(answer.status === 'refused' && answer.problems).toHaveLength(500);
  });
});

describe('editing', () => {
  it('clears a field with null and leaves absent ones', () => {
    const driver = createDriver();
    driver.add({ id: 'a', body: 'b', parent: undefined as never, requires: { os: 'linux' } });
    driver.command({ kind: 'edit', task: 'a', patch: { body: null } });
    expect(driver.task('a')).not.toHaveProperty('body');
    expect(driver.task('a').requires).toEqual({ os: 'linux' });
  });

  it('leaves the graph alone when it touches neither deps nor parent', () => {
    const driver = createDriver();
    driver.command({ kind: 'add', tasks: [{ id: 'a', title: 'x', deps: ['later'] }], assume: ['later'] });
    expect(driver.command({ kind: 'edit', task: 'a', patch: { title: 'y' } }).answer.status).toBe('ok');
  });
});

describe('configuring', () => {
  it('changes nothing when nothing differs', () => {
    const driver = createDriver();
    expect(driver.configure({}).events).toEqual([]);
  });

  it('needs the gates that its lanes require', () => {
    const driver = createDriver();
    const lanes = { main: { ...config.lanes.main!, gates: ['VG-9'] } };
    expect(driver.configure({ lanes }).answer).toMatchObject({ code: 'unknown-gate' });
  });

  it('locks nobody out: where nobody is an operator anybody is', () => {
    const driver = createDriver();
    driver.configure({ roles: { c1: 'committer' } });
    expect(driver.configure({ roles: config.roles }).answer.status).toBe('ok');
  });

  it('arranges ready tasks anew', () => {
    const driver = createDriver();
    driver.add({ id: 'a', labels: ['ui'] }, { id: 'b', labels: ['db'] }, { id: 'c', labels: ['db'] });
    driver.policies({ weights: { ui: 1, db: 9 } });
    expect([0, 1, 2].map((slot) => driver.take('w1', { slot }).task)).toEqual(['a', 'b', 'c']);
    expect(driver.board.load.share('db')).toBeLessThan(driver.board.load.share('ui'));
  });
});

it('a name that every object inherits is no role', () => {
  const driver = createDriver();
  driver.add({ id: 'a' });
  expect(driver.claim('constructor', { work: 'commit' }).answer).toMatchObject({
    message: 'constructor has the role worker and asks for commit work',
  });
  expect(driver.command({ kind: 'lane_adopt', lane: 'constructor', tip: commit(3) }).answer).toMatchObject({
    code: 'unknown-lane',
  });
});
