import { beforeEach, expect, test } from 'vitest';
import type { ReportOf } from '../../../../schemas/index.ts';
import { LaterBeats } from '../../../../services/orchestrator/later-beat.ts';
import { encode } from '../../../../shared/bus/codec.ts';
import type { Bus, Stored } from '../../../../shared/bus/port.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { beatBy } from '../../../support/asking.ts';

const LEASE_MS = 1_000;
const signal = new AbortController().signal;
const said: ReportOf<'takeover'> = {
  v: 1,
  id: 'r',
  task: 't',
  fence: 7,
  run: 'g-7',
  kind: 'takeover',
  reason: 'dead',
  silent_ms: LEASE_MS,
};

/** The newest beat in BEAT, and the leader's own time. */
let newest: Stored | undefined;
let time: number;
let beats: LaterBeats;

beforeEach(() => {
  newest = undefined;
  time = 0;
  const get = async () => {
    if (newest === undefined) throw new WaggleError('stream-missing', { stream: 'BEAT' });
    return newest;
  };
  const clock = { now: () => 0, monotonic: () => time, sleep: async () => {} };
  beats = new LaterBeats({
    swarm: { streams: { get } } as unknown as Bus,
    project: 'p',
    clock,
    ownerOf: (task, fence) => (task === 't' && fence === 7 ? 'w1' : undefined),
    leaseMs: () => LEASE_MS,
  });
});

/** `at`: when the server stored it, by its clock. */
function beatIs(seq: number, at: number, fences: readonly number[] = [7], output_age_ms = 100): void {
  const beat = beatBy('w1', {
    state: 'working',
    grants: fences.map((fence) => ({
      task: 't',
      fence,
      run: `g-${fence}`,
      phase: 'running',
      output_bytes: 0,
      output_age_ms,
    })),
  });
  newest = { stream: 'BEAT', seq, subject: 'wg.p.beat.w1', at, ...encode('Beat', beat) };
}

test('a beat stored after the report refutes it where it lists the grant, and no other does', async () => {
  expect(await beats.refutation(said, 5_000, signal)).toBeUndefined();
  beatIs(1, 4_999);
  expect(await beats.refutation(said, 5_000, signal)).toBeUndefined();
  beatIs(2, 5_001, [8]);
  expect(await beats.refutation(said, 5_000, signal)).toBeUndefined();
  beatIs(3, 5_001);
  expect(await beats.refutation(said, 5_000, signal)).toBe('w1 listed it after that was said');
  expect(await beats.refutation({ ...said, fence: 6 }, 5_000, signal)).toBeUndefined();
});

test("where the bus's clock was set back, the last beat of the dead refutes for a lease and no longer", async () => {
  const anHourAgo = 1_000;
  beatIs(9, anHourAgo + 3_600_000);
  expect(await beats.refutation(said, anHourAgo, signal)).toBeDefined();
  time = LEASE_MS - 1;
  expect(await beats.refutation(said, anHourAgo, signal)).toBeDefined();
  time = LEASE_MS;
  expect(await beats.refutation(said, anHourAgo, signal)).toBeUndefined();
});

test('each new beat refutes anew, however long its owner has been known', async () => {
  for (let seq = 1; seq < 10; seq += 1) {
    time += LEASE_MS;
    beatIs(seq, 10_000);
    expect(await beats.refutation(said, 5_000, signal)).toBeDefined();
  }
});

test('that nothing moves is refuted by progress since the time that is told of', async () => {
  const stale: ReportOf<'takeover'> = { ...said, reason: 'stale', silent_ms: 60_000 };
  beatIs(1, 100_500, [7], 70_000);
  expect(await beats.refutation(stale, 100_000, signal)).toBeUndefined();
  beatIs(2, 100_500, [7], 10_000);
  expect(await beats.refutation(stale, 100_000, signal)).toContain('made progress');
});
