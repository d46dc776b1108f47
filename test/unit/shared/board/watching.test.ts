import { describe, expect, it } from 'vitest';
import type { AnyGrant, Report } from '../../../../schemas/index.ts';
import { applyReport } from '../../../../shared/board/decide.ts';
import type { LifeSign } from '../../../../shared/board/decide-watch.ts';
import { config, createDriver, type Driver, type ReportPart, rights } from './board-driver.ts';

const lease = config.policies.lease_ms;
const { stale_after_ms: staleAfter, stale_grace_ms: grace } = config.policies;

function claimed(): { driver: Driver; grant: AnyGrant } {
  const driver = createDriver();
  driver.add({ id: 'a' });
  return { driver, grant: driver.take('w1') };
}

const stale = (grant: AnyGrant, silent_ms = staleAfter): ReportPart => ({
  kind: 'stale',
  ...rights(grant),
  silent_ms,
});

const takeStale = (grant: AnyGrant, silent_ms = staleAfter + grace): ReportPart => ({
  kind: 'takeover',
  ...rights(grant),
  reason: 'stale',
  silent_ms,
});

function takeDead(driver: Driver, grant: AnyGrant, sign: LifeSign) {
  const report = {
    v: 1,
    id: `t-${Math.round(sign.silentMs)}-${sign.heard}`,
    kind: 'takeover',
    ...rights(grant),
    reason: 'dead',
    silent_ms: lease,
    last_sign: 'running',
  } as const;
  const applied = applyReport(driver.board, { from: 'watch', report, sign }, driver.now);
  driver.record(applied.events);
  return applied.answer;
}

describe('a grant whose owner is said to be dead', () => {
  it.each([
    ['heard of it later', { silentMs: lease * 0.8, heard: true, listenedMs: lease * 9 }],
    [
      'has listened for less than half a lease',
      { silentMs: lease * 0.4, heard: false, listenedMs: lease * 0.4 },
    ],
  ])('stays when the leader %s', (_, sign) => {
    const { driver, grant } = claimed();
    expect(takeDead(driver, grant, sign)).toMatchObject({ status: 'refused', code: 'alive' });
    expect(driver.task('a').grant?.fence).toBe(grant.fence);
  });

  it.each([
    ['heard nothing for a lease', { silentMs: lease, heard: true, listenedMs: lease * 9 }],
    [
      'is new and heard nothing for half a lease',
      { silentMs: lease / 2, heard: false, listenedMs: lease / 2 },
    ],
  ])('is taken when the leader %s, with the evidence in the journal', (_, sign) => {
    const { driver, grant } = claimed();
    expect(takeDead(driver, grant, sign)).toMatchObject({ status: 'accepted' });
    expect(driver.events()).toContainEqual({
      type: 'taken_over',
      task: 'a',
      fence: grant.fence,
      agent: 'w1',
      by: 'watch',
      reason: 'dead',
      silent_ms: lease,
      last_sign: 'running',
    });
    expect(driver.task('a')).toMatchObject({ state: 'open', losses: 1 });
    expect(driver.take('w2').fence).toBeGreaterThan(grant.fence);
  });

  it('is taken in an old journal too, without the event that such a journal cannot hold', () => {
    const { driver, grant } = claimed();
    driver.board.format = 1;
    expect(takeDead(driver, grant, { silentMs: lease, heard: true, listenedMs: lease * 9 })).toMatchObject({
      status: 'accepted',
    });
    expect(driver.events().some(({ type }) => type === 'taken_over')).toBe(false);
  });
});

describe('a grant whose owner makes no progress', () => {
  it('is nudged once, and taken after the grace', () => {
    const { driver, grant } = claimed();
    expect(driver.report('watch', stale(grant)).events).toHaveLength(1);
    expect(driver.report('watch', stale(grant)).events).toHaveLength(0);
    driver.now += grace - 1;
    expect(driver.report('watch', takeStale(grant)).answer).toMatchObject({ code: 'alive' });
    driver.now += 1;
    expect(driver.report('watch', takeStale(grant)).answer).toMatchObject({ status: 'accepted' });
    expect(driver.task('a')).toMatchObject({ state: 'open', losses: 1 });
  });

  it.each([
    ['it was never nudged', (): undefined => undefined, staleAfter + grace],
    [
      'it made progress after its nudge',
      (driver: Driver, grant: AnyGrant) => driver.report('watch', stale(grant)),
      grace,
    ],
  ])('stays when %s', (_, before, silentMs) => {
    const { driver, grant } = claimed();
    before(driver, grant);
    driver.now += grace;
    expect(driver.report('watch', takeStale(grant, silentMs)).answer).toMatchObject({ code: 'alive' });
  });

  it('stays when the leader is new: what it finds in MAIL may be old', () => {
    const { driver, grant } = claimed();
    driver.report('watch', stale(grant));
    driver.now += grace;
    const report = { v: 1, id: 'late', ...takeStale(grant) } as Report;
    const sign = { silentMs: 10, heard: true, listenedMs: lease / 3 };
    const { answer } = applyReport(driver.board, { from: 'watch', report, sign }, driver.now);
    expect(answer).toMatchObject({ code: 'alive', message: expect.stringContaining('has listened for') });
  });

  it('begins anew with a progress note', () => {
    const { driver, grant } = claimed();
    driver.report('watch', stale(grant));
    driver.report('w1', { kind: 'progress', ...rights(grant), note: 'on it' });
    driver.now += grace;
    expect(driver.report('watch', takeStale(grant)).answer).toMatchObject({ code: 'alive' });
    expect(driver.task('a').grant).not.toHaveProperty('nudged_at');
  });

  it('is nudged again when it fell silent again a long time later', () => {
    const { driver, grant } = claimed();
    driver.report('watch', stale(grant));
    driver.now += staleAfter;
    expect(driver.report('watch', stale(grant)).events).toHaveLength(1);
  });

  it('is not nudged before its time, nor by anybody else', () => {
    const { driver, grant } = claimed();
    expect(driver.report('watch', stale(grant, staleAfter - 1)).answer).toMatchObject({ code: 'too-early' });
    expect(driver.report('w2', stale(grant)).answer).toMatchObject({ code: 'wrong-role' });
  });

  it('is nudged and never taken when a person holds it', () => {
    const driver = createDriver();
    driver.add({ id: 'a' });
    driver.command({ kind: 'start', task: 'a' });
    const fence = driver.task('a').grant?.fence ?? 0;
    const of = { task: 'a', fence, run: driver.task('a').grant?.run ?? '' };
    expect(driver.report('watch', { kind: 'stale', ...of, silent_ms: staleAfter }).events).toHaveLength(1);
    driver.now += grace;
    const taken: ReportPart = { kind: 'takeover', ...of, reason: 'stale', silent_ms: staleAfter + grace };
    expect(driver.report('watch', taken).answer).toMatchObject({ code: 'manual' });
  });
});
