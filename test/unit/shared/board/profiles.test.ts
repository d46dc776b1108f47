import { describe, expect, it } from 'vitest';
import { evolve } from '../../../../shared/board/evolve.ts';
import { explain } from '../../../../shared/board/explain.ts';
import { nextDue } from '../../../../shared/board/readiness.ts';
import { toImage } from '../../../../shared/board/snapshot.ts';
import { observable } from '../../../../shared/board/state.ts';
import { type ClaimPart, createDriver, type Driver, fold, rights } from './board-driver.ts';

const offers = (...profiles: string[]): ClaimPart => ({
  capabilities: { offers: profiles.map((profile) => ({ profile, harness: 'command' })) },
});

const setUp = (...tasks: string[]): Driver => {
  const driver = createDriver({ profiles: { p1: {}, p2: {} } });
  driver.add(...tasks.map((id) => ({ id, expects: 'none' as const, max_attempts: 9 })));
  return driver;
};

const limited = (driver: Driver, more: object = {}) =>
  driver.fail('w1', driver.take('w1'), { outcome: 'rate_limited', reason: '429', ...more });

const profile = (driver: Driver, name = 'p1') => driver.board.profiles.get(name);
const kinds = (events: readonly { type: string }[]) => events.map(({ type }) => type);

describe('one rate limit', () => {
  it('rests its profile on every machine until it ends, and costs the task neither attempt nor time', () => {
    const driver = setUp('a');
    const { events } = limited(driver, { retry_at: driver.now + 90_000 });
    expect(kinds(events)).toEqual(['grant_ended', 'profile_cooled']);
    expect(driver.task('a')).toMatchObject({ state: 'open', attempts: 0, last_outcome: 'rate_limited' });
    expect(driver.task('a')).not.toHaveProperty('retry_at');
    expect(profile(driver)).toMatchObject({ cooldown_until: driver.now + 90_000, reason: '429' });
    expect(driver.claim('w2').answer.kind).toBe('wait');
    expect(driver.claim('w3', offers('p1')).answer.kind).toBe('wait');
    const other = driver.take('w2', offers('p1', 'p2'));
    expect(other).toMatchObject({ task: 'a', attempt: 1, profile: 'p2' });
    driver.fail('w2', other, { outcome: 'killed' });
    driver.now += 90_000;
    expect(driver.take('w1')).toMatchObject({ task: 'a', profile: 'p1' });
  });

  it.each([
    ['nobody says when it ends', undefined, 300_000],
    ['its end has passed', -5, 300_000],
    ['its end is far away', 99 * 86_400_000, 7 * 86_400_000],
  ])('rests for a bounded time where %s', (_, inMs, restMs) => {
    const driver = setUp('a');
    limited(driver, inMs === undefined ? {} : { retry_at: driver.now + inMs });
    expect(profile(driver)?.cooldown_until).toBe(driver.now + restMs);
  });

  it('never shortens a rest, whatever another run of the account heard', () => {
    const driver = setUp('a', 'b');
    const [one, two] = [driver.take('w1'), driver.take('w2')];
    driver.fail('w1', one, { outcome: 'rate_limited', retry_at: driver.now + 90_000 });
    const { events } = driver.fail('w2', two, { outcome: 'rate_limited', retry_at: driver.now + 5_000 });
    expect(kinds(events)).toEqual(['grant_ended']);
    expect(profile(driver)?.cooldown_until).toBe(driver.now + 90_000);
  });

  it('wakes those that wait when it ends, by whichever board that is', () => {
    const driver = setUp('a');
    limited(driver, { retry_at: driver.now + 90_000 });
    expect(nextDue(driver.board)).toBe(driver.now + 90_000);
    expect(nextDue(fold(driver.batches))).toBe(driver.now + 90_000);
    const { chances } = driver.board;
    driver.now += 89_999;
    driver.claim('w2');
    expect(driver.board.chances).toBe(chances);
    driver.now += 1;
    expect(driver.take('w2').task).toBe('a');
    expect(driver.board.chances).toBeGreaterThan(chances);
    expect(nextDue(driver.board)).toBeUndefined();
  });

  it('is told by explain to whoever waits, of the profile that is required and of all together', () => {
    const driver = setUp('a');
    driver.add({ id: 'b', requires: { profile: 'p1' } });
    limited(driver, { retry_at: driver.now + 90_000 });
    const why = (id: string) => explain(driver.board, driver.task(id), driver.now);
    driver.add({ id: 'c', requires: { profile: 'p3' } });
    expect([...why('a'), ...why('c')].map(({ message }) => message)).toEqual([
      'nothing holds it back: it waits for any worker; not free: p1 cools down for 90 s more: 429',
      'nothing holds it back: it waits for a worker with profile=p3; the configuration has no profile p3',
    ]);
    expect(why('b')).toEqual([
      { rule: 'profile-cooling', message: 'it requires profile p1, which cools down for 90 s more: 429' },
    ]);
    driver.profile('p2', 'stop', { reason: 'not paid' });
    expect(why('a')).toEqual([
      {
        rule: 'profile-cooling',
        message:
          'no profile is free: p1 cools down for 90 s more: 429; p2 is stopped: not paid; `waggle profile resume p2`',
      },
    ]);
  });
});

describe('limits in a row', () => {
  it('rest the profile longer each time, however soon each is said to be over', () => {
    const driver = setUp('a');
    const rests = Array.from({ length: 10 }, () => {
      limited(driver, { retry_at: driver.now + 1 });
      const restMs = (profile(driver)?.cooldown_until ?? 0) - driver.now;
      driver.now += restMs;
      return restMs;
    });
    expect(rests.slice(0, 4)).toEqual([1, 5_000, 10_000, 20_000]);
    expect(rests.at(-1)).toBe(300_000);
    expect(driver.task('a').attempts).toBe(0);
    driver.done('w1', driver.take('w1'));
    expect(profile(driver)).toMatchObject({ failures: 0 });
  });

  it('are one limit for all runs that were under way', () => {
    const driver = setUp('a', 'b', 'c');
    const grants = ['w1', 'w2', 'w3'].map((agent) => [agent, driver.take(agent)] as const);
    for (const [agent, grant] of grants) {
      driver.fail(agent, grant, { outcome: 'rate_limited', retry_at: driver.now + 9_000 });
    }
    expect(profile(driver)).toMatchObject({ failures: 1, cooldown_until: driver.now + 9_000 });
  });

  it('do not send a task of an older journal straight back, nor away for ever', () => {
    const driver = setUp('a');
    driver.board.format = 3;
    limited(driver, { retry_at: driver.now - 5 });
    expect(driver.task('a').retry_at).toBe(driver.now + 300_000);
    driver.now += 300_000;
    limited(driver, { retry_at: 1e300 });
    expect(driver.task('a').retry_at).toBe(driver.now + 7 * 86_400_000);
  });
});

describe('a refused login', () => {
  it('stops its profile until somebody resumes it, and costs the task nothing', () => {
    const driver = setUp('a');
    const { events } = driver.fail('w1', driver.take('w1'), { outcome: 'auth_failed', reason: '401' });
    expect(kinds(events)).toEqual(['grant_ended', 'profile_stopped']);
    expect(driver.task('a')).toMatchObject({ state: 'open', attempts: 0 });
    expect(driver.task('a')).not.toHaveProperty('retry_at');
    driver.now += 30 * 86_400_000;
    expect(driver.claim('w1').answer.kind).toBe('wait');
    expect(driver.profile('p1', 'resume').answer.status).toBe('ok');
    expect(driver.take('w1').task).toBe('a');
    expect(profile(driver)).toEqual({ stopped: false, failures: 0 });
  });

  it('is told once, however many runs hear of it', () => {
    const driver = setUp('a', 'b');
    const [one, two] = [driver.take('w1'), driver.take('w2')];
    driver.fail('w1', one, { outcome: 'auth_failed', reason: '401' });
    expect(kinds(driver.fail('w2', two, { outcome: 'auth_failed', reason: '401' }).events)).toEqual([
      'grant_ended',
    ]);
  });
});

describe('failures in a row', () => {
  const failing = (driver: Driver, outcome: string, times: number) => {
    let events: readonly { type: string }[] = [];
    for (let n = 0; n < times; n += 1) {
      events = driver.fail('w1', driver.take('w1'), { outcome }).events;
      driver.now += 400_000;
    }
    return kinds(events);
  };

  it('stop a profile whose environment is broken, after three', () => {
    const driver = setUp('a', 'b');
    expect(failing(driver, 'env_failed', 2)).not.toContain('profile_stopped');
    expect(failing(driver, 'env_failed', 1)).toContain('profile_stopped');
    expect(profile(driver)?.reason).toBe('3 runs in a row ended env_failed; last: exit 1');
    expect(driver.task('a').attempts + driver.task('b').attempts).toBe(3);
  });

  it.each(['crashed', 'timed_out'])('rest a profile whose runs ended %s five times', (outcome) => {
    const driver = setUp('a', 'b');
    expect(failing(driver, outcome, 4)).not.toContain('profile_cooled');
    expect(failing(driver, outcome, 1)).toContain('profile_cooled');
    expect(profile(driver)?.cooldown_until).toBe(driver.now - 400_000 + 300_000);
  });

  it('are counted anew by another class, and forgotten after a run that ended well', () => {
    const driver = setUp('a', 'b', 'c');
    failing(driver, 'env_failed', 2);
    failing(driver, 'crashed', 1);
    expect(profile(driver)).toMatchObject({ failures: 1, failing: 'crashed' });
    failing(driver, 'env_failed', 2);
    driver.done('w1', driver.take('w1'));
    expect(profile(driver)).toEqual({ stopped: false, failures: 0 });
    failing(driver, 'env_failed', 2);
    driver.fail('w1', driver.take('w1'), { outcome: 'killed' });
    expect(profile(driver)).toMatchObject({ failures: 2 });
  });
});

describe('one broken machine', () => {
  const on = (host: string, part: ClaimPart = {}): ClaimPart => ({ ...part, place: { host } });
  const working = (driver: Driver) => driver.done('w2', driver.take('w2', on('good')));
  const failing = (driver: Driver, host: string, outcome: 'env_failed' | 'auth_failed', agent = host) => {
    driver.fail(agent, driver.take(agent, on(host)), { outcome });
    driver.now += 400_000;
  };
  const five = ['a', 'b', 'c', 'd', 'e'];

  it('loses its profile, which works on others, and people are told once', () => {
    const driver = setUp(...five);
    working(driver);
    const two = [driver.take('w3', on('bad', { slot: 1 })), driver.take('w3', on('bad', { slot: 2 }))];
    // Its workers count together, and what another machine does well mends nothing here.
    failing(driver, 'bad', 'env_failed', 'w1');
    working(driver);
    for (const grant of two) driver.fail('w3', grant, { outcome: 'env_failed' });
    expect(driver.events().filter(({ type }) => type === 'profile_stopped')).toMatchObject([
      { profile: 'p1', host: 'bad', reason: '3 runs in a row ended env_failed; last: exit 1' },
    ]);
    driver.now += 400_000;
    expect(profile(driver)).toMatchObject({ stopped: false, failures: 0, barred: 'bad' });
    for (const agent of ['w1', 'w3', 'new']) {
      expect(driver.claim(agent, on('bad')).answer.kind).toBe(agent === 'new' ? 'granted' : 'wait');
    }
  });

  it('goes on with its other profiles, and a resumed profile is for all again, under any leader', () => {
    const driver = setUp(...five);
    working(driver);
    failing(driver, 'bad', 'auth_failed');
    expect(driver.take('bad', on('bad', offers('p1', 'p2')))).toMatchObject({ profile: 'p2' });
    expect(driver.take('w2', on('good'))).toMatchObject({ profile: 'p1' });
    driver.replaceLeader('json');
    expect(profile(driver)).toMatchObject({ barred: 'bad' });
    driver.profile('p1', 'resume');
    expect(profile(driver)).not.toHaveProperty('barred');
  });

  it('stops its profile for all once there is a second one', () => {
    const driver = setUp(...five);
    working(driver);
    failing(driver, 'bad', 'auth_failed');
    expect(profile(driver)).toMatchObject({ stopped: false, barred: 'bad' });
    failing(driver, 'worse', 'auth_failed');
    expect(profile(driver)).toMatchObject({ stopped: true });
    expect(driver.claim('w2', on('good')).answer.kind).toBe('wait');
  });

  it('may try again when an agent is started anew there', () => {
    const driver = setUp(...five);
    working(driver);
    failing(driver, 'bad', 'auth_failed');
    expect(driver.claim('bad', on('bad')).answer.kind).toBe('wait');
    expect(driver.take('bad', on('bad', { incarnation: 'repaired' }))).toMatchObject({ profile: 'p1' });
  });

  it('is not told from a broken profile where that works nowhere else, or fails on two', () => {
    const alone = setUp(...five);
    for (let n = 0; n < 3; n += 1) failing(alone, 'bad', 'env_failed');
    expect(profile(alone)).toMatchObject({ stopped: true });
    const both = setUp(...five);
    working(both);
    for (const host of ['bad', 'worse', 'bad']) failing(both, host, 'env_failed');
    expect(profile(both)).toMatchObject({ stopped: true });
  });
});

it('a stopped profile of the configuration is not forgotten for names that claims make up', () => {
  const driver = setUp('a');
  driver.profile('p1', 'stop');
  for (let n = 0; n < 1_100; n += 1) {
    const quota = { used: 0.5 };
    evolve(driver.board, { type: 'profile_quota', profile: `made-up-${n}`, quota }, driver.now);
  }
  expect(driver.board.profiles.size).toBe(1_000);
  expect(profile(driver)).toMatchObject({ stopped: true });
});

describe('operators', () => {
  it('cool, stop and resume profiles; nobody else does', () => {
    const driver = setUp('a');
    expect(driver.profile('p1', 'cool', { until: driver.now + 10 }, 'w1').answer).toMatchObject({
      code: 'wrong-role',
    });
    expect(driver.profile('p1', 'cool').answer).toMatchObject({ code: 'bad-until' });
    expect(driver.profile('p1', 'cool', { until: driver.now }).answer).toMatchObject({ code: 'bad-until' });
    expect(driver.profile('p1', 'cool', { until: 1e300 }).answer).toMatchObject({ code: 'bad-until' });
    expect(driver.profile('p3', 'stop').answer).toMatchObject({
      code: 'unknown-profile',
      message: 'there is no profile p3; did you mean `p1`?',
    });
    driver.profile('p1', 'cool', { until: driver.now + 90_000 });
    expect(profile(driver)).toMatchObject({ cooldown_until: driver.now + 90_000, reason: 'asked by op' });
    // An operator may also shorten it.
    driver.profile('p1', 'cool', { until: driver.now + 10, reason: 'soon' });
    expect(driver.claim('w1').answer.kind).toBe('wait');
    driver.now += 10;
    expect(driver.take('w1').task).toBe('a');
  });

  it('do nothing twice', () => {
    const driver = setUp();
    expect(kinds(driver.profile('p1', 'resume').events)).toEqual([]);
    expect(kinds(driver.profile('p1', 'stop').events)).toEqual(['profile_stopped', 'answered']);
    expect(kinds(driver.profile('p1', 'stop').events)).toEqual([]);
    expect(kinds(driver.profile('p1', 'resume').events)).toEqual(['profile_resumed', 'answered']);
  });
});

describe('an old journal', () => {
  it('has no word of profiles: commands ask for the format, reports do as they did', () => {
    const driver = setUp('a');
    driver.board.format = 3;
    expect(driver.profile('p1', 'stop').answer).toMatchObject({ code: 'needs-format' });
    const grant = driver.take('w1', offers('p1', 'p2'));
    expect(grant).toMatchObject({ profile: 'p1' });
    const { events } = driver.fail('w1', grant, {
      outcome: 'auth_failed',
      usage: { input_tokens: 1 },
      run_note: { model: 'm', quota: { used: 0.5 } },
    });
    expect(kinds(events)).toEqual(['grant_ended']);
    expect(observable(driver.board)).toMatchObject({ profiles: [], usage: [] });
    expect(driver.task('a')).toMatchObject({ retry_at: driver.now + 300_000 });
    // An older version must be able to read its snapshots.
    const { head } = toImage(driver.board);
    for (const key of ['profiles', 'pools', 'usage', 'budgets']) expect(head).not.toHaveProperty(key);
  });

  it('refuses a configuration of pools, budgets or weights by name', () => {
    const driver = setUp();
    driver.board.format = 3;
    for (const more of [
      { pools: { main: { strategy: 'weighted' as const, profiles: ['p1'] } } },
      { budgets: {} },
      { profiles: { p1: { weight: 2 } } },
      { profiles: { p1: { budget: { tokens: 1 } } } },
    ]) {
      expect(driver.configure(more).answer).toMatchObject({ code: 'needs-format' });
    }
    expect(driver.configure({ profiles: { p1: { max_concurrency: 2 } } }).answer.status).toBe('ok');
  });
});

it('what a worker notes of its run is kept with the record of the run, and its quota with the profile', () => {
  const driver = setUp('a');
  const grant = driver.take('w1');
  const quota = { used: 0.25, resets_at: driver.now + 5 };
  const note = { harness: 'codex', model: 'm', mode: 'single-task' as const, session: 's-1' };
  const { events } = driver.report('w1', {
    kind: 'done',
    ...rights(grant),
    outcome: 'completed',
    run_note: { ...note, evidence: ['it said so', 'exit 0'], quota },
  });
  expect(kinds(events)).toEqual(['run_recorded', 'grant_ended', 'profile_quota']);
  expect(driver.board.runs.get(grant.fence)).toMatchObject({
    ...note,
    because: 'it said so',
    outcome: 'completed',
  });
  expect(profile(driver)).toEqual({ stopped: false, failures: 0, quota, quota_at: driver.now });
});
