import { describe, expect, it } from 'vitest';
import type { Budgets, EventOf, Usage } from '../../../../schemas/index.ts';
import { explain } from '../../../../shared/board/explain.ts';
import { haltsAmong, haltsOf } from '../../../../shared/board/halts.ts';
import { nextDue } from '../../../../shared/board/readiness.ts';
import { emptyConfig, observable } from '../../../../shared/board/state.ts';
import { createDriver, type Driver, fold, rights } from './board-driver.ts';

const setUp = (budgets: Budgets, profiles = {}): Driver => {
  const driver = createDriver({ budgets, profiles: { p1: {}, ...profiles } });
  driver.add(...['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, expects: 'none' as const })));
  return driver;
};

const tokens = (input_tokens: number): Usage => ({ input_tokens });
const done = (driver: Driver, usage: Usage, from = 'w1', grant = driver.take(from)) =>
  driver.report(from, { kind: 'done', ...rights(grant), outcome: 'completed', usage }).events;

const levels = (events: readonly { type: string }[]) =>
  events.flatMap((event) => {
    if (event.type !== 'budget_reached') return [];
    const { scope, name, level } = (event as EventOf<'budget_reached'>).mark;
    return [`${scope} ${name} ${level}`];
  });

const waits = (driver: Driver, agent = 'w9') => driver.claim(agent).answer.kind === 'wait';

describe('what runs use', () => {
  it('counts for the task, the profile and the day, once however often it is told', () => {
    const driver = setUp({ project: { tokens: 1_000_000 } });
    const grant = driver.take('w1');
    driver.usage('w1', grant.fence, tokens(20_000));
    driver.usage('w1', grant.fence, tokens(50_000));
    done(driver, { input_tokens: 60_000, cost_usd: 0.5 }, 'w1', grant);
    expect(driver.task(grant.task).used).toEqual({ input_tokens: 60_000, cost_usd: 0.5 });
    expect(driver.board.usage.rows()).toEqual([
      { day: '2027-01-15', profile: 'p1', runs: 1, usage: { input_tokens: 60_000, cost_usd: 0.5 } },
    ]);
    expect(driver.board.runs.get(grant.fence)?.usage).toEqual({ input_tokens: 60_000, cost_usd: 0.5 });
    expect(observable(fold(driver.batches, 'json'))).toEqual(observable(driver.board));
  });

  it('stays counted when the run is lost', () => {
    const driver = setUp({ project: { tokens: 1_000_000 } });
    const grant = driver.take('w1');
    driver.usage('w1', grant.fence, tokens(50_000));
    driver.takeover(grant);
    expect(driver.task(grant.task).used).toEqual(tokens(50_000));
    expect(driver.board.runs.get(grant.fence)?.usage).toEqual(tokens(50_000));
    expect(driver.board.usage.total().usage).toEqual(tokens(50_000));
  });

  it('may be told after the end, by whoever had the grant, and counts what is new of it', () => {
    const driver = setUp({ project: { tokens: 1_000_000 } });
    const grant = driver.take('w1');
    done(driver, tokens(20_000), 'w1', grant);
    const late = (usage: Usage, from = 'w1', of = rights(grant)) =>
      driver.report(from, { kind: 'used', ...of, usage });
    expect(late(tokens(990_000), 'w2').answer).toMatchObject({ status: 'refused', code: 'not-yours' });
    expect(late(tokens(990_000), 'w1', { ...rights(grant), run: 'other' }).answer).toMatchObject({
      code: 'unknown-run',
    });
    expect(levels(late(tokens(990_000)).events)).toEqual(['project demo pause']);
    expect(late(tokens(990_000))).toMatchObject({ events: [], answer: { status: 'accepted' } });
    expect(driver.task(grant.task).used).toEqual(tokens(990_000));
    expect(driver.board.usage.rows()).toMatchObject([{ runs: 1, usage: tokens(990_000) }]);
    expect(driver.board.runs.get(grant.fence)?.usage).toEqual(tokens(990_000));
    expect(waits(driver)).toBe(true);
    expect(observable(fold(driver.batches, 'json'))).toEqual(observable(driver.board));
  });

  it('is journaled of a live run only where a budget has to hear of it, in steps, and from its owner', () => {
    const driver = setUp({ project: { tokens: 100_000 }, task: { cost_usd: 10 } });
    const { fence } = driver.take('w1');
    const told = (usage: Usage, from = 'w1') => driver.usage(from, fence, usage).length;
    expect(told(tokens(999))).toBe(0);
    expect(told(tokens(1_000), 'w2')).toBe(0);
    expect(told(tokens(1_000))).toBe(1);
    expect(told(tokens(1_000))).toBe(0);
    expect(told({ input_tokens: 1_500, duration_ms: 5_000_000 })).toBe(0);
    expect(told({ input_tokens: 1_500, cost_usd: 0.1 })).toBe(1);
    expect(driver.usage('w1', 99, tokens(50_000))).toEqual([]);
    driver.configure({ budgets: { run: { tokens: 5 } } });
    expect(told(tokens(50_000))).toBe(0);
  });
});

describe('a budget', () => {
  it('says once each that it is used to 80, 95 and 100 percent, and pauses grants from 95 on', () => {
    const driver = setUp({ project: { tokens: 100, cost_usd: 1_000 } });
    expect(levels(done(driver, tokens(79)))).toEqual([]);
    expect(levels(done(driver, tokens(1)))).toEqual(['project demo warn']);
    expect(levels(done(driver, tokens(14)))).toEqual([]);
    const [one, two] = [driver.take('w1'), driver.take('w2')];
    expect(levels(done(driver, tokens(1), 'w1', one))).toEqual(['project demo pause']);
    driver.add({ id: 'f', expects: 'none' });
    expect(waits(driver)).toBe(true);
    expect(explain(driver.board, driver.task('f'), driver.now)).toEqual([
      {
        rule: 'budget-project',
        message:
          "the project's budget is used up: 95 tokens of 100 tokens used; nothing new is granted until it is raised",
      },
    ]);
    expect(levels(done(driver, tokens(9), 'w2', two))).toEqual(['project demo stop']);
  });

  it('goes from nothing to its end in one step, and says so once', () => {
    const driver = setUp({ profile: { cost_usd: 1 } });
    const two = driver.take('w2');
    expect(levels(done(driver, { cost_usd: 3 }))).toEqual(['profile p1 stop']);
    expect(levels(done(driver, { cost_usd: 3 }, 'w2', two))).toEqual([]);
  });

  it('of a profile holds back that profile alone; its own goes before the one of each', () => {
    const driver = setUp({ profile: { tokens: 100 } }, { p2: { budget: { tokens: 1_000 } } });
    done(driver, tokens(96));
    expect(waits(driver)).toBe(true);
    const asP2 = { capabilities: { profile: 'p2' } };
    done(driver, tokens(500), 'w2', driver.take('w2', asP2));
    expect(
      driver.take('w3', {
        capabilities: {
          offers: [
            { profile: 'p1', harness: 'x' },
            { profile: 'p2', harness: 'x' },
          ],
        },
      }),
    ).toMatchObject({ profile: 'p2' });
    driver.add({ id: 'f', requires: { profile: 'p1' } });
    expect(explain(driver.board, driver.task('f'), driver.now)).toEqual([
      {
        rule: 'budget-profile',
        message: 'it requires profile p1, which has no budget left: 96 tokens of 100 tokens used',
      },
    ]);
  });

  it('of a day is free again at midnight, and those that wait are asked then', () => {
    const driver = setUp({ project: { tokens: 100, per: 'day' } });
    done(driver, tokens(100));
    expect(waits(driver)).toBe(true);
    const midnight = nextDue(driver.board)!;
    expect(new Date(midnight).toISOString()).toBe('2027-01-16T00:00:00.000Z');
    driver.now = midnight;
    const { chances } = driver.board;
    expect(levels(done(driver, tokens(80)))).toEqual(['project demo warn']);
    expect(driver.board.chances).toBeGreaterThan(chances);
    expect(driver.board.usage.total().usage).toEqual(tokens(180));
  });

  it('that is raised lifts what it held back, and is told anew', () => {
    const driver = setUp({ project: { tokens: 100 } });
    done(driver, tokens(96));
    expect(waits(driver)).toBe(true);
    driver.configure({ budgets: { project: { tokens: 1_000 } } });
    expect(levels(done(driver, tokens(4)))).toEqual([]);
    expect(levels(done(driver, tokens(700)))).toEqual(['project demo warn']);
  });
});

describe('a budget that is lowered', () => {
  it('is told at once where it is reached now, and ends runs', () => {
    const driver = setUp({ project: { tokens: 100 }, profile: { tokens: 1_000 } });
    done(driver, tokens(85));
    const grant = driver.take('w1');
    const { events } = driver.configure({ budgets: { project: { tokens: 50 }, profile: { tokens: 90 } } });
    expect(levels(events)).toEqual(['profile p1 warn', 'project demo stop']);
    expect(haltsOf(driver.board, events)).toMatchObject([{ agent: 'w1', fence: grant.fence }]);
    expect(levels(done(driver, tokens(1), 'w1', grant))).toEqual(['profile p1 pause']);
    expect(observable(fold(driver.batches, 'json'))).toEqual(observable(driver.board));
  });
});

it('levels of tasks that ended are forgotten, and what is told of them later is told of the others', () => {
  const driver = setUp({ task: { tokens: 100 }, project: { tokens: 1_000 } });
  const grant = driver.take('w1');
  expect(levels(done(driver, tokens(120), 'w1', grant))).toEqual([`task ${grant.task} stop`]);
  expect(driver.board.budgetLevels.size).toBe(0);
  const late = driver.report('w1', { kind: 'used', ...rights(grant), usage: tokens(900) });
  expect(levels(late.events)).toEqual(['project demo warn']);
});

it('many runs are heard of in smaller steps, so that together they keep little to themselves', () => {
  const driver = createDriver({ budgets: { project: { tokens: 1_000_000 } }, profiles: { p1: {} } });
  driver.add(...Array.from({ length: 100 }, (_, n) => ({ id: `t${n}`, expects: 'none' as const })));
  const grants = Array.from({ length: 100 }, (_, n) => driver.take('w1', { slot: n }));
  for (const { fence } of grants) driver.usage('w1', fence, tokens(499));
  expect(driver.board.usage.total().usage).toEqual({});
  for (const { fence } of grants) driver.usage('w1', fence, tokens(9_500));
  expect(driver.board.usage.total().usage).toEqual(tokens(950_000));
  expect(waits(driver)).toBe(true);
});

describe('the budget of a task', () => {
  const failing = (driver: Driver, usage: Usage) =>
    driver.fail('w1', driver.take('w1'), { outcome: 'killed', usage });

  it('blocks the task when it is used up, and a person gives it another', () => {
    const driver = createDriver({ budgets: { task: { tokens: 100 }, run: { tokens: 60 } } });
    driver.add({ id: 'a', expects: 'none' });
    expect(driver.take('w1')).toMatchObject({ budget: { tokens: 60 } });
    driver.fail('w1', { ...driver.task('a').grant!, task: 'a' } as never, {
      outcome: 'killed',
      usage: tokens(70),
    });
    const again = driver.take('w1');
    expect(again).toMatchObject({ budget: { tokens: 30 } });
    const { events } = driver.fail('w1', again, { outcome: 'killed', usage: tokens(35) });
    expect(levels(events)).toEqual(['task a stop']);
    expect(driver.task('a')).toMatchObject({
      state: 'blocked',
      blocked_reason:
        'the budget of task a is used up: 105 tokens of 100 tokens used; `waggle answer` or `waggle task reopen a` gives it another budget',
    });
    driver.command({ kind: 'answer', task: 'a', text: 'go on' });
    expect(driver.task('a')).toMatchObject({ state: 'open', used: tokens(105), used_before: tokens(105) });
    expect(driver.take('w1')).toMatchObject({ budget: { tokens: 60 } });
    const { events: third } = driver.fail('w1', { ...driver.task('a').grant!, task: 'a' } as never, {
      outcome: 'killed',
      usage: tokens(80),
    });
    expect(levels(third)).toEqual(['task a warn']);
  });

  it('is neither a failed attempt nor a failure of the profile when a run is ended for it', () => {
    const driver = createDriver({
      budgets: { task: { duration_ms: 1_000 } },
      policies: { ...emptyConfig.policies, max_attempts: 1 },
    });
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    driver.add(...ids.map((id) => ({ id, expects: 'none' as const })));
    for (const _ of ids)
      driver.fail('w1', driver.take('w1'), { outcome: 'timed_out', usage: { duration_ms: 1_010 } });
    expect(ids.map((id) => [driver.task(id).state, driver.task(id).attempts])).toEqual(
      ids.map(() => ['blocked', 0]),
    );
    expect(driver.board.profiles.get('p1')).toBeUndefined();
    expect(observable(fold(driver.batches, 'json'))).toEqual(observable(driver.board));
  });

  it('blocks it where too little is left for a run to begin with', () => {
    const driver = createDriver({ budgets: { task: { tokens: 100 } } });
    driver.add({ id: 'a', expects: 'none' });
    failing(driver, tokens(94));
    expect(driver.task('a').state).toBe('open');
    failing(driver, tokens(5));
    expect(driver.task('a').state).toBe('blocked');
  });

  it('blocks it also when its worker is lost or its change bounces, but not when it is done', () => {
    const driver = createDriver({ budgets: { task: { tokens: 100 } } });
    driver.add({ id: 'a' }, { id: 'b' }, { id: 'c', expects: 'none' });
    const lost = driver.take('w1');
    driver.usage('w1', lost.fence, tokens(100));
    driver.takeover(lost);
    expect(driver.task('a').state).toBe('blocked');
    driver.report('w1', { ...driver.submitted(driver.take('w1')), usage: tokens(100) } as never);
    expect(driver.task('b').state).toBe('submitted');
    driver.bounced('c1', driver.takeCommit(), 'conflict');
    expect(driver.task('b').state).toBe('blocked');
    done(driver, tokens(100));
    expect(driver.task('c').state).toBe('closed');
  });

  it('lets a run keep what it was given, whenever that is asked', () => {
    const driver = createDriver({
      budgets: { task: { tokens: 1_000, cost_usd: 0.3 }, run: { duration_ms: 5 } },
    });
    driver.add({ id: 'a', expects: 'none' });
    failing(driver, { input_tokens: 100, cost_usd: 0.1 });
    const grant = driver.take('w1', { number: 7 });
    expect(grant).toMatchObject({ budget: { tokens: 900, cost_usd: 0.2, duration_ms: 5 } });
    driver.usage('w1', grant.fence, tokens(500));
    expect(driver.take('w1', { number: 7 })).toMatchObject({ budget: { tokens: 900, cost_usd: 0.2 } });
  });
});

describe('runs are halted', () => {
  const stopOf = (events: readonly { type: string }[]) => events as Parameters<typeof haltsOf>[1];

  it('in the scope that is used up, and nowhere else', () => {
    const driver = setUp({ profile: { tokens: 100 } });
    const [one, two] = [driver.take('w1'), driver.take('w2')];
    const other = driver.take('w3', { capabilities: { profile: 'p2' } });
    const events = driver.usage('w1', one.fence, tokens(100));
    const why = 'the budget of profile p1 is used up: 100 tokens of 100 tokens used';
    expect(haltsOf(driver.board, stopOf(events))).toEqual([
      { agent: 'w1', fence: one.fence, why },
      { agent: 'w2', fence: two.fence, why },
    ]);
    const asked = haltsAmong(driver.board, [one.fence, two.fence, other.fence, 99], driver.now);
    expect(asked.map(({ fence }) => fence)).toEqual([one.fence, two.fence]);
    driver.configure({ budgets: { profile: { tokens: 1_000 } } });
    expect(haltsAmong(driver.board, [one.fence], driver.now)).toEqual([]);
  });

  it('of a task or of the whole project', () => {
    const driver = setUp({ task: { tokens: 10_000 }, project: { tokens: 15_000 } });
    const [one, two] = [driver.take('w1'), driver.take('w2')];
    const first = driver.usage('w1', one.fence, tokens(10_000));
    expect(haltsOf(driver.board, stopOf(first)).map(({ fence }) => fence)).toEqual([one.fence]);
    const second = driver.usage('w2', two.fence, tokens(6_000));
    expect(haltsOf(driver.board, stopOf(second)).map(({ fence }) => fence)).toEqual([one.fence, two.fence]);
    expect(haltsOf(driver.board, [])).toEqual([]);
  });
});
