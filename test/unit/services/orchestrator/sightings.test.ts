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

test('memory is bounded, and who may have been forgotten is not called unknown', () => {
  const { sightings } = setUp();
  sightings.known([], true);
  sightings.seen('first');
  for (let n = 0; n < 20_000; n += 1) sightings.seen(`n${n}`);
  expect([sightings.of('first').isKnown, sightings.of('n0').isKnown]).toEqual([undefined, true]);
});
