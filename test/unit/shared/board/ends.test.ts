import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../../shared/board/backoff.ts';
import { clip } from '../../../../shared/board/decision.ts';
import { emptyConfig } from '../../../../shared/board/state.ts';
import { createDriver, rights } from './board-driver.ts';

/** A driver whose task `a` has been submitted and granted to the committer. */
const atCommitter = (spec = {}, policies = {}) => {
  const driver = createDriver();
  driver.policies(policies);
  driver.add({ id: 'a', ...spec });
  const round = () => {
    driver.now += 1_000_000;
    driver.submit('w1', driver.take('w1'));
    return driver.takeCommit();
  };
  return { driver, round };
};

describe('attempts', () => {
  it('back off twice as long each time, and past their bound the task has failed', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      driver.fail('w1', driver.take('w1'));
      waits.push((driver.task('a').retry_at ?? 0) - driver.now);
      expect(driver.claim('w1').answer.kind).toBe('wait');
      driver.now = driver.task('a').retry_at ?? 0;
    }
    expect(waits[0]).toBeGreaterThanOrEqual(3_750);
    expect(waits[0]).toBeLessThanOrEqual(6_250);
    expect(waits[1]).toBeGreaterThanOrEqual(7_500);
    driver.fail('w1', driver.take('w1'));
    expect(driver.task('a')).toMatchObject({ state: 'failed', attempts: 3 });
    expect(driver.task('a').blocked_reason).toMatch(/^3 of 3 attempts failed; last: exit 1$/);
  });

  it('have a bound of the task’s own', () => {
    const driver = createDriver();
    driver.add({ id: 'a', max_attempts: 1 });
    driver.fail('w1', driver.take('w1'));
    expect(driver.task('a').state).toBe('failed');
  });

  it('start again from none when a person retries', () => {
    const driver = createDriver();
    driver.add({ id: 'a', max_attempts: 1 });
    driver.fail('w1', driver.take('w1'));
    driver.command({ kind: 'retry', task: 'a' });
    expect(driver.take('w1')).toMatchObject({ attempt: 1, attachments: [{ kind: 'failure' }] });
  });

  it.each([
    ['rate_limited', 90_000],
    ['rate_limited', undefined],
    ['auth_failed', undefined],
  ])('are not counted by %s, which in an old journal waits until its reset time (%s)', (outcome, inMs) => {
    const driver = createDriver();
    driver.board.format = 3;
    driver.add({ id: 'a' });
    const retryAt = inMs === undefined ? {} : { retry_at: driver.now + inMs };
    driver.fail('w1', driver.take('w1'), { outcome, ...retryAt });
    expect(driver.task('a')).toMatchObject({
      state: 'open',
      attempts: 0,
      retry_at: driver.now + (inMs ?? 300_000),
    });
  });

  it('wait as without a reset time where that has passed: clocks differ', () => {
    const driver = createDriver();
    driver.board.format = 3;
    driver.add({ id: 'a' });
    driver.fail('w1', driver.take('w1'), { outcome: 'rate_limited', retry_at: 5 });
    expect(driver.task('a').retry_at).toBe(driver.now + 300_000);
  });

  it('are not counted by a run that was killed or fenced', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    for (const outcome of ['killed', 'fenced']) driver.fail('w1', driver.take('w1'), { outcome });
    expect(driver.task('a')).toMatchObject({ state: 'open', attempts: 0 });
  });

  it('count a red gate of the committer', () => {
    const { driver, round } = atCommitter();
    driver.bounced('c1', round(), 'gate', { evidence: [{ gate: 'VG-9', status: 'red', duration_ms: 1 }] });
    expect(driver.task('a')).toMatchObject({ state: 'open', attempts: 1, attachments: [{ kind: 'gate' }] });
  });
});

describe('losses', () => {
  it('end a task that kills its hosts', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.takeover(driver.take('w1'));
    driver.claim('w2');
    driver.claim('w2', { incarnation: 'w2-2' });
    const last = driver.board.tasks.get('a')!.grant!;
    driver.takeover({ task: 'a', fence: last.fence, run: last.run } as never);
    expect(driver.task('a')).toMatchObject({ state: 'failed', losses: 3, attempts: 0 });
  });

  it('count a submission that cannot be read', () => {
    const { driver, round } = atCommitter();
    for (const reason of ['bundle_missing', 'bundle_damaged', 'bundle_missing'])
      driver.bounced('c1', round(), reason);
    expect(driver.task('a')).toMatchObject({ state: 'failed', losses: 3 });
  });

  it('are not counted when a committer dies: the submission waits for the next one', () => {
    const { driver, round } = atCommitter();
    driver.takeover(round());
    expect(driver.task('a')).toMatchObject({
      state: 'submitted',
      losses: 0,
      submission: { unresolved: true },
    });
  });
});

describe('conflicts', () => {
  it('are no attempts, and the third in a row blocks the task for a person', () => {
    const { driver, round } = atCommitter();
    for (const state of ['open', 'open', 'blocked']) {
      driver.bounced('c1', round(), 'conflict');
      expect(driver.task('a')).toMatchObject({ state, attempts: 0 });
    }
    driver.command({ kind: 'reopen', task: 'a' });
    expect(driver.task('a').conflicts).toBe(0);
  });

  it('are not in a row when something else happens between them', () => {
    const { driver, round } = atCommitter();
    for (const reason of ['conflict', 'conflict', 'gate', 'conflict']) driver.bounced('c1', round(), reason);
    expect(driver.task('a')).toMatchObject({ state: 'open', conflicts: 1 });
  });
});

describe('a submission that changes nothing', () => {
  it.each([
    ['any', 'closed'],
    ['none', 'closed'],
    ['change', 'open'],
  ] as const)('of a task that expects %s leaves it %s', (expects, state) => {
    const { driver, round } = atCommitter({ expects, lane: 'main' });
    driver.bounced('c1', round(), 'empty');
    expect(driver.task('a').state).toBe(state);
  });
});

describe('notes for the next run', () => {
  it('keep the ten newest, each cut between characters', () => {
    const driver = createDriver();
    driver.add({ id: 'a', max_attempts: 100 });
    for (let turn = 0; turn < 12; turn += 1) {
      driver.now += 1_000_000;
      driver.fail('w1', driver.take('w1'), { reason: `try ${turn}`, tail: '😀'.repeat(4_096) });
    }
    const notes = driver.task('a').attachments;
    expect(notes.map(({ text }) => text.slice(0, 6).trim())).toEqual(
      Array.from({ length: 10 }, (_, index) => `try ${index + 2}`),
    );
    expect(notes.every(({ text }) => text.length <= 8192 && Buffer.from(text).toString() === text)).toBe(
      true,
    );
  });

  it('are never cut in the middle of a character', () => {
    expect(clip('ab😀cd', 4)).toBe('ab…');
    expect(clip('ab😀', 4)).toBe('ab😀');
  });
});

describe('backoff', () => {
  it('doubles to its bound, spread by a quarter, the same for the same seed', () => {
    const policies = { ...emptyConfig.policies, backoff_ms: 1000, backoff_max_ms: 8000 };
    for (const [attempts, base] of [
      [1, 1000],
      [2, 2000],
      [4, 8000],
      [99, 8000],
    ] as const) {
      const all = Array.from({ length: 200 }, (_, seed) => backoffMs(policies, attempts, `t/${seed}`));
      expect(Math.min(...all)).toBeGreaterThanOrEqual(base * 0.75);
      expect(Math.max(...all)).toBeLessThanOrEqual(base * 1.25);
      expect(new Set(all).size).toBeGreaterThan(50);
    }
    expect(backoffMs(policies, 2, 's')).toBe(backoffMs(policies, 2, 's'));
  });
});

it('a run that ended by another’s takeover has no say any more', () => {
  const driver = createDriver();
  driver.add({ id: 'a' });
  const grant = driver.take('w1');
  driver.takeover(grant);
  const late = driver.report('w1', { kind: 'progress', ...rights(grant), note: 'still here' });
  expect(late.answer).toMatchObject({
    code: 'fenced',
    message: expect.stringContaining('ended by takeover'),
  });
});
