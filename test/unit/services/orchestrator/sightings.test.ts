import { expect, test } from 'vitest';
import { Sightings } from '../../../../services/orchestrator/sightings.ts';
import { systemClock } from '../../../../shared/clock.ts';

function setUp() {
  let now = 1_000;
  const sightings = new Sightings({ ...systemClock, monotonic: () => now });
  return {
    sightings,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test('nobody is called unknown before all that is stored was looked at', () => {
  const { sightings } = setUp();
  expect(sightings.of('bob').isKnown).toBeUndefined();
  sightings.known(['ann'], false);
  expect([sightings.of('ann').isKnown, sightings.of('bob').isKnown]).toEqual([true, undefined]);
  sightings.known([], true);
  expect([sightings.of('ann').isKnown, sightings.of('bob').isKnown]).toEqual([true, false]);
  sightings.seen('bob');
  expect(sightings.of('bob')).toEqual({ isKnown: true, silentMs: 0 });
});

test('silence counts from when a name was seen, and from the start for those that were not', () => {
  const { sightings, pass } = setUp();
  sightings.known(['ann'], true);
  pass(50);
  sightings.seen('bob');
  sightings.known(['bob'], true);
  pass(7);
  expect(['ann', 'bob', 'eve'].map((name) => sightings.of(name).silentMs)).toEqual([57, 7, 57]);
});

test('the name of one that left is free at once, until somebody is seen under it again', () => {
  const { sightings, pass } = setUp();
  sightings.left('ann');
  pass(1);
  expect([sightings.absentMs('ann'), sightings.of('ann').silentMs]).toEqual([Number.POSITIVE_INFINITY, 1]);
  sightings.seen('ann');
  expect(sightings.absentMs('ann')).toBe(0);
});

test('after a break silence counts from its end, and nobody is unknown before the names are learnt anew', () => {
  const { sightings, pass } = setUp();
  sightings.known([], true);
  sightings.seen('ann');
  sightings.left('bob');
  pass(500);
  sightings.listenAnew();
  pass(20);
  expect(sightings.of('ann')).toEqual({ isKnown: true, silentMs: 20 });
  expect(sightings.of('eve')).toEqual({ isKnown: undefined, silentMs: 20 });
  // Somebody may have come under that name meanwhile.
  expect(['ann', 'bob'].map((name) => sightings.absentMs(name))).toEqual([20, 20]);
  sightings.known([], true);
  expect(sightings.of('eve').isKnown).toBe(false);
});

test('memory is bounded, and who may have been forgotten is not called unknown', () => {
  const { sightings } = setUp();
  sightings.known([], true);
  sightings.seen('first');
  for (let n = 0; n < 45_000; n += 1) sightings.seen(`n${n}`);
  expect([sightings.of('first').isKnown, sightings.of('n40000').isKnown]).toEqual([undefined, true]);
});

test('who may have been forgotten counts as seen when the last of those were', () => {
  const { sightings, pass } = setUp();
  pass(100);
  sightings.seen('bob');
  for (let n = 1; n < 20_000; n += 1) sightings.seen(`early${n}`);
  pass(7);
  for (let n = 0; n < 20_000; n += 1) sightings.seen(`late${n}`);
  expect([sightings.of('bob'), sightings.absentMs('bob')]).toEqual([{ isKnown: undefined, silentMs: 7 }, 7]);
});

test('names that are seen again and again are not forgotten for it', () => {
  const { sightings } = setUp();
  sightings.known([], true);
  for (let round = 0; round < 4; round += 1) for (let n = 0; n < 12_000; n += 1) sightings.seen(`n${n}`);
  expect([sightings.of('n1').isKnown, sightings.of('eve').isKnown]).toEqual([true, false]);
});

test('a flood of names costs little, whoever is told of them', () => {
  const { sightings } = setUp();
  const names = Array.from({ length: 100_000 }, (_, n) => `n${n}`);
  const begun = process.cpuUsage();
  sightings.known(names, true);
  for (const name of names) sightings.seen(name);
  // A second here would cost the lead.
  const { user, system } = process.cpuUsage(begun);
  expect((user + system) / 1_000).toBeLessThan(1_000);
});
