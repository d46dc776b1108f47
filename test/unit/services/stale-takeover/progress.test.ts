import { describe, expect, test } from 'vitest';
import { GRACE, grantOf, LEASE, STALE_AFTER, Vigil } from './vigil.ts';

const TICK = 1_000;

describe('who lives and makes no progress', () => {
  /** Beats, and nothing else. */
  const idle = () => Vigil.withWorker({ prints: false, bytes: 5 });

  test('is nudged after stale_after, and taken when nothing moved for the grace after it', () => {
    const { vigil } = idle();
    vigil.run(STALE_AFTER - TICK);
    expect(vigil.found).toEqual([]);
    vigil.run(2 * TICK);
    expect(vigil.kinds()).toEqual(['nudge']);
    vigil.run(GRACE);
    expect(vigil.kinds()).toEqual(['nudge']);
    vigil.run(2 * LEASE);
    const taken = vigil.first('stale');
    expect(taken?.silentMs).toBeGreaterThanOrEqual(STALE_AFTER + GRACE);
    expect(taken?.lastSign).toMatch(/running, 5 bytes of output$/);
  });

  test('is nudged again and again, and never taken, while the board takes no nudge', () => {
    const { vigil } = idle();
    vigil.isNudging = false;
    vigil.run(STALE_AFTER + 2 * GRACE);
    expect(new Set(vigil.kinds())).toEqual(new Set(['nudge']));
  });

  const progress: Record<string, (vigil: Vigil, worker: ReturnType<typeof idle>['worker']) => void> = {
    'output bytes': (_, worker) => {
      worker.bytes += 1;
    },
    'output of the same length, by its age': (vigil, worker) => {
      worker.printedAt = vigil.at;
    },
    'another phase': (_, worker) => {
      worker.phase = 'gate VG-TEST';
    },
    'a change of the task (a progress mail)': (vigil) => vigil.change(7),
  };
  for (const [what, happens] of Object.entries(progress)) {
    test(`${what} is progress, and the nudge before it counts no more`, () => {
      const { vigil, worker } = idle();
      vigil.run(STALE_AFTER + GRACE / 2);
      happens(vigil, worker);
      const movedAt = vigil.at;
      vigil.run(STALE_AFTER - LEASE);
      expect(vigil.kinds()).toEqual(['nudge']);
      vigil.run(3 * LEASE);
      expect(vigil.kinds()).toEqual(['nudge', 'nudge']);
      expect(vigil.found[1]?.at).toBeGreaterThanOrEqual(movedAt + STALE_AFTER);
      vigil.run(GRACE + 2 * LEASE);
      expect(vigil.kinds()).toContain('stale');
    });
  }

  test('the nudge changes the task too, and is no progress; a progress mail seen together with it is', () => {
    const both = [idle().vigil, idle().vigil] as const;
    const [nudged, answered] = both;
    for (const vigil of both) {
      while (vigil.found.length === 0) vigil.run(TICK);
      expect(vigil.grants[0]?.revision).toBe(2);
    }
    answered.change(7);
    for (const vigil of both) vigil.run(GRACE + 2 * LEASE);
    expect(nudged.kinds()).toContain('stale');
    expect(answered.kinds()).toEqual(['nudge']);
  });

  test('output that is older each time is no progress', () => {
    const { vigil } = Vigil.withWorker({ prints: false, printedAt: 0 });
    vigil.run(STALE_AFTER + 2 * TICK);
    expect(vigil.kinds()).toEqual(['nudge']);
    vigil.run(GRACE + 2 * LEASE);
    expect(vigil.first('stale')?.lastSign).toMatch(/, no output$/);
  });

  test('a nudge from before the watch began is not its first observation', () => {
    const { vigil } = idle();
    vigil.isNudging = false;
    vigil.grants = [grantOf('w1', 7, { nudged_at: 1 })];
    vigil.run(STALE_AFTER + GRACE + LEASE);
    expect(new Set(vigil.kinds())).toEqual(new Set(['nudge']));
  });

  test('a newer beat that shows progress, read afresh, spares it', () => {
    const { vigil, worker } = idle();
    vigil.run(STALE_AFTER + TICK);
    vigil.lookUp = () => {
      worker.bytes += 1;
      return { seq: vigil.seq + 1, storedAt: 0, beat: vigil.beatOf(worker) };
    };
    vigil.run(GRACE + 5 * LEASE);
    expect(vigil.kinds()).toEqual(['nudge']);
  });

  test('a break in the watch postpones the judgement by a lease, and forgets no silence', () => {
    const { vigil } = idle();
    vigil.run(STALE_AFTER - TICK);
    vigil.watch.began(vigil.at);
    vigil.run(LEASE - TICK);
    expect(vigil.found).toEqual([]);
    vigil.run(3 * TICK);
    expect(vigil.kinds()).toEqual(['nudge']);
  });

  test('a grant held by hand is nudged each time as long as before, and never taken', () => {
    const vigil = new Vigil();
    vigil.grants = [grantOf('ada', 7, { kind: 'manual' })];
    for (let n = 0; n < 5; n += 1) {
      vigil.run(STALE_AFTER + LEASE);
    }
    expect(vigil.kinds()).toEqual(Array(5).fill('nudge'));
    vigil.change(7);
    vigil.run(STALE_AFTER - LEASE);
    expect(vigil.found.length).toBe(5);
  });
});
