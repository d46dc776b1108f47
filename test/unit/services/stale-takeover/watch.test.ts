import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grantOf, LEASE, Vigil } from './vigil.ts';

const DAY = 86_400_000;
const TICK = 1_000;
const POLL = LEASE / 4;

describe('who lives and works is never judged', () => {
  test('over days of steady beats and output', () => {
    const { vigil } = Vigil.withWorker();
    vigil.run(2 * DAY);
    expect(vigil.found).toEqual([]);
    expect(vigil.withheld).toBeUndefined();
  });

  test('with any jitter, with single beats lost, whenever the watch and the grants begin', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: LEASE / 3 }),
        fc.infiniteStream(fc.integer({ min: 0, max: LEASE / 8 })),
        fc.infiniteStream(fc.boolean()),
        (offset, jitters, losses) => {
          const vigil = new Vigil();
          vigil.grants = [grantOf('w1', 7)];
          let lostLast = false;
          const loses = () => {
            lostLast = !lostLast && losses.next().value === true;
            return lostLast;
          };
          const jitter = () => jitters.next().value ?? 0;
          vigil.worker('w1', [7], { nextAt: offset, jitter, loses });
          vigil.run(offset + 60 * LEASE);
          expect(vigil.found).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('when nothing but its beats can be heard: no answer of the leader, no report', () => {
    const { vigil, worker } = Vigil.withWorker();
    vigil.run(2 * LEASE);
    vigil.isLeaderUp = false;
    worker.isUp = false;
    vigil.run(10 * LEASE);
    expect(vigil.found).toEqual([]);
    expect(vigil.withheld).toBe('no-status');
    vigil.isLeaderUp = true;
    vigil.run(POLL + TICK);
    expect(vigil.kinds()).toContain('dead');
  });

  test('when an agent means to beat more seldom than the board says: three of its beats may be missing', () => {
    const { vigil, worker } = Vigil.withWorker({ everyMs: LEASE * 2 });
    vigil.run(20 * LEASE);
    expect(vigil.found).toEqual([]);
    worker.isUp = false;
    vigil.run(7 * LEASE);
    expect(vigil.first('dead')?.silentMs).toBeGreaterThanOrEqual(6 * LEASE);
  });
});

describe('who is silent for a whole lease is dead', () => {
  test('not a moment earlier, and found within a tick', () => {
    const { vigil, worker } = Vigil.withWorker();
    vigil.run(10 * LEASE);
    const lastBeatAt = worker.nextAt - worker.everyMs;
    worker.isUp = false;
    vigil.run(2 * LEASE);
    const dead = vigil.first('dead');
    expect(dead?.at).toBe(lastBeatAt + LEASE);
    expect(dead).toMatchObject({ fence: 7, silentMs: LEASE });
    expect(dead?.lastSign).toMatch(/^beat at 2023-11-\S+Z from host-a: running, \d+ bytes of output$/);
  });

  test('it is said again every third of a lease while the grant lives, and no longer', () => {
    const { vigil, worker } = Vigil.withWorker();
    vigil.run(5 * LEASE);
    worker.isUp = false;
    vigil.run(6 * LEASE);
    const times = vigil.found.map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(gaps.length).toBeGreaterThan(10);
    expect(new Set(gaps)).toEqual(new Set([LEASE / 3]));
    vigil.grants = [];
    vigil.run(POLL + TICK);
    const before = vigil.found.length;
    vigil.run(3 * LEASE);
    expect(vigil.found.length).toBe(before);
  });

  test('a grant that is seen for the first time has a whole lease of watching first', () => {
    const { vigil } = Vigil.withWorker();
    vigil.run(5 * LEASE);
    vigil.grants = [...vigil.grants, grantOf('w2', 8)];
    vigil.tell();
    const seenAt = vigil.at;
    vigil.run(2 * LEASE);
    expect(vigil.first('dead')).toMatchObject({
      at: seenAt + LEASE,
      fence: 8,
      lastSign: 'no beat listed it',
    });
  });

  test('a grant that a beat told of before the leader did is watched from that beat on', () => {
    const vigil = new Vigil();
    vigil.run(5 * LEASE);
    const worker = vigil.worker('w1', [7]);
    vigil.run(TICK);
    worker.isUp = false;
    const heardAt = vigil.at;
    vigil.run(POLL);
    vigil.grants = [grantOf('w1', 7)];
    vigil.run(2 * LEASE);
    const takenAt = vigil.first('dead')?.at ?? 0;
    expect(takenAt).toBeGreaterThanOrEqual(heardAt + LEASE);
    expect(takenAt).toBeLessThanOrEqual(heardAt + LEASE + TICK);
  });

  test('a beat that does not list the grant does not renew it', () => {
    const { vigil, worker } = Vigil.withWorker();
    vigil.run(5 * LEASE);
    worker.fences = [99];
    vigil.run(2 * LEASE);
    expect(vigil.found.map(({ fence }) => fence)).toContain(7);
  });

  test('nor does a beat of another agent that lists it', () => {
    const { vigil, worker } = Vigil.withWorker();
    vigil.run(5 * LEASE);
    worker.isUp = false;
    vigil.worker('w2', [7]);
    vigil.run(2 * LEASE);
    expect(vigil.kinds()).toContain('dead');
  });

  test('a commit grant is judged like any other, a grant held by hand never', () => {
    const vigil = new Vigil();
    vigil.grants = [
      grantOf('committer', 1, { kind: 'commit' }),
      grantOf('ada', 2, { kind: 'manual' }),
      grantOf('w1', 3),
    ];
    vigil.run(3 * LEASE);
    expect(new Set(vigil.found.map(({ kind, fence }) => `${kind} ${fence}`))).toEqual(
      new Set(['dead 1', 'dead 3']),
    );
  });
});

describe('a break counts as a start: a whole lease of watching first', () => {
  const breaks: Record<string, (vigil: Vigil) => void> = {
    'its own start': () => {},
    'a stop of its process': (vigil) => vigil.sleepThrough(LEASE, 'runs'),
    'a stop of half a lease and a little': (vigil) => vigil.sleepThrough(LEASE / 2 + 2 * TICK, 'runs'),
    'a suspended machine, whose monotonic clock stood still': (vigil) =>
      vigil.sleepThrough(DAY, 'stands still'),
    'a reconnect': (vigil) => vigil.watch.began(vigil.at),
    'BEAT made anew': (vigil) => {
      vigil.stored.clear();
      vigil.seq = 0;
      vigil.watch.began(vigil.at, 'anew');
    },
    'another project under the same name': (vigil) => {
      vigil.genesis = 'other';
      vigil.journalSeq = 0;
      vigil.tell();
    },
  };

  for (const [what, happens] of Object.entries(breaks)) {
    test(`${what}: nobody is taken before, the dead ones are afterwards`, () => {
      const vigil = new Vigil();
      vigil.grants = [grantOf('w1', 7), grantOf('w2', 8)];
      vigil.worker('w1', [7]);
      const dead = vigil.worker('w2', [8]);
      vigil.run(what === 'its own start' ? TICK : 5 * LEASE + TICK);
      dead.isUp = false;
      if (what !== 'its own start') vigil.run(LEASE - 2 * TICK);
      expect(vigil.found).toEqual([]);
      happens(vigil);
      const brokenAt = vigil.at;
      vigil.run(LEASE - TICK);
      expect(vigil.found).toEqual([]);
      vigil.run(LEASE);
      expect(vigil.found.length).toBeGreaterThan(0);
      expect(vigil.found.every(({ fence }) => fence === 8)).toBe(true);
      expect(vigil.found[0]?.at).toBeGreaterThanOrEqual(brokenAt + LEASE - TICK);
      expect(vigil.found[0]?.at).toBeLessThanOrEqual(brokenAt + LEASE + 2 * TICK);
    });
  }

  test('a clock that is set back is none', () => {
    const { vigil } = Vigil.withWorker();
    vigil.run(5 * LEASE);
    vigil.wallOffset -= DAY;
    vigil.run(TICK);
    expect(vigil.withheld).toBeUndefined();
  });

  test('watching begins with the first word of the leader', () => {
    const { vigil, worker } = Vigil.withWorker();
    worker.isUp = false;
    vigil.isLeaderUp = false;
    vigil.run(5 * LEASE);
    vigil.isLeaderUp = true;
    vigil.run(LEASE);
    expect(vigil.found).toEqual([]);
    vigil.run(LEASE);
    expect(vigil.kinds()).toContain('dead');
  });
});

describe('nobody is judged unless the own beat came back', () => {
  test('when beats get through to BEAT no more, all seem silent and none is taken', () => {
    const { vigil } = Vigil.withWorker();
    vigil.run(5 * LEASE);
    vigil.isHearing = false;
    vigil.run(10 * LEASE);
    expect(vigil.found).toEqual([]);
    expect(vigil.withheld).toBe('no-echo');
    expect(vigil.looks).toEqual([]);
  });

  test('one that came late proves nothing: what counts is when it was sent', () => {
    const { vigil, worker } = Vigil.withWorker();
    vigil.run(5 * LEASE);
    vigil.isEchoing = false;
    worker.isUp = false;
    vigil.run(LEASE / 2 + TICK);
    vigil.watch.echoed(vigil.at - LEASE / 2 - TICK);
    vigil.run(TICK);
    expect(vigil.withheld).toBe('no-echo');
    vigil.isEchoing = true;
    vigil.run(LEASE);
    expect(vigil.kinds()).toContain('dead');
  });
});

describe('before a grant is taken the last beat is read afresh', () => {
  /** A worker whose later beats do not reach the watch, at the moment before it would be taken. */
  const unheard = () => {
    const { vigil, worker } = Vigil.withWorker();
    vigil.run(5 * LEASE);
    worker.isUp = false;
    vigil.run(LEASE - LEASE / 3 - TICK);
    return { vigil, worker };
  };

  test('a newer one that lists the grant is a sign of life', () => {
    const { vigil, worker } = unheard();
    vigil.lookUp = () => ({ seq: vigil.seq + 1, storedAt: 0, beat: vigil.beatOf(worker) });
    vigil.run(LEASE);
    expect(vigil.looks.length).toBe(1);
    expect(vigil.found).toEqual([]);
  });

  test('a newer one that does not list it is none', () => {
    const { vigil, worker } = unheard();
    worker.fences = [];
    vigil.lookUp = () => ({ seq: vigil.seq + 1, storedAt: 0, beat: vigil.beatOf(worker) });
    vigil.run(LEASE);
    expect(vigil.kinds()).toContain('dead');
  });

  test('the one that was known is none', () => {
    const { vigil } = unheard();
    vigil.run(LEASE);
    expect(vigil.kinds()).toContain('dead');
  });

  test('when it cannot be read nobody is taken', () => {
    const { vigil } = unheard();
    vigil.lookUp = () => 'fails';
    vigil.run(3 * LEASE);
    expect(vigil.looks.length).toBeGreaterThan(5);
    expect(vigil.found).toEqual([]);
  });

  test('what was read before a break counts no more', () => {
    const { vigil } = unheard();
    vigil.lookUp = () => 'fails';
    vigil.run(LEASE / 2);
    const askedAt = vigil.at;
    vigil.watch.began(vigil.at + 1);
    vigil.watch.looked(vigil.at + 2, askedAt, 'w1', undefined);
    vigil.run(3 * LEASE);
    expect(vigil.found).toEqual([]);
  });
});

describe('answers of the leader', () => {
  test('an older one than one known changes nothing', () => {
    const { vigil } = Vigil.withWorker();
    vigil.run(5 * LEASE);
    vigil.grants = [];
    vigil.tell();
    const { journalSeq } = vigil;
    vigil.grants = [grantOf('gone', 3)];
    vigil.isLeaderUp = false;
    vigil.tell(vigil.at, journalSeq - 1);
    for (let n = 0; n < 8; n += 1) {
      vigil.run(LEASE / 4);
      vigil.grants = [];
      vigil.tell(vigil.at, journalSeq);
    }
    expect(vigil.found).toEqual([]);
  });

  test('one that was asked for long ago says nothing of now', () => {
    const { vigil, worker } = Vigil.withWorker();
    vigil.run(5 * LEASE);
    worker.isUp = false;
    vigil.isLeaderUp = false;
    for (let n = 0; n < 20; n += 1) {
      vigil.run(LEASE / 4);
      vigil.tell(vigil.at - LEASE);
    }
    expect(vigil.found).toEqual([]);
  });
});
