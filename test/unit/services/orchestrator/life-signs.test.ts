import { expect, test } from 'vitest';
import { LifeSigns } from '../../../../services/orchestrator/life-signs.ts';
import type { Clock } from '../../../../shared/clock.ts';

function clockAt(): Clock & { at: number } {
  return {
    at: 1_000,
    now() {
      return this.at;
    },
    monotonic() {
      return this.at;
    },
    sleep: () => Promise.resolve(),
  };
}

/** Signs whose server is known to send; time passes, and then a round trip takes no time. */
function hearer() {
  const clock = clockAt();
  const signs = new LifeSigns(clock);
  const pass = (ms: number) => {
    clock.at += ms;
    signs.roundTrip(clock.at);
  };
  pass(0);
  return { clock, signs, pass };
}

test('silence counts from the last sign, and from the start of who was never heard', () => {
  const { signs, pass } = hearer();
  pass(50);
  expect(signs.provenSilenceMs('a', '1')).toBe(50);
  signs.seen('a', '1');
  pass(20);
  expect(signs.provenSilenceMs('a', '1')).toBe(20);
  expect(signs.provenSilenceMs('a', '2')).toBe(70);
  expect(signs.provenSilenceMs('b', undefined)).toBe(70);
});

test('silence is proved up to the last round trip, and no trip takes anything back', () => {
  const { clock, signs, pass } = hearer();
  signs.seen('a', '1');
  pass(30);
  clock.at += 60_000;
  expect(signs.provenSilenceMs('a', '1')).toBe(30);
  signs.roundTrip(clock.at - 40_000);
  signs.roundTrip(clock.at - 50_000);
  expect(signs.provenSilenceMs('a', '1')).toBe(20_030);
  signs.seen('a', '1');
  expect(signs.provenSilenceMs('a', '1')).toBe(0);
});

test('before a round trip has ended nobody is proved to be silent: the server may not know yet that one listens', () => {
  const clock = clockAt();
  const signs = new LifeSigns(clock);
  const beganAt = clock.at;
  clock.at += 9_000;
  expect(signs.provenSilenceMs('a', '1')).toBe(0);
  signs.roundTrip(beganAt);
  signs.roundTrip(clock.at);
  expect(signs.provenSilenceMs('a', '1')).toBe(0);
  clock.at += 70;
  signs.roundTrip(clock.at);
  expect(signs.provenSilenceMs('a', '1')).toBe(70);
  signs.listenAnew();
  signs.roundTrip(clock.at - 1);
  expect(signs.provenSilenceMs('a', '1')).toBe(0);
});

test('who said that it leaves is silent for ever, until it speaks again', () => {
  const { signs } = hearer();
  signs.gone('a', '1');
  expect(signs.provenSilenceMs('a', '1')).toBe(Number.POSITIVE_INFINITY);
  signs.seen('a', '1');
  expect(signs.provenSilenceMs('a', '1')).toBe(0);
});

test('what was said while the connection was away went by: silence counts from its return', () => {
  const { signs, pass } = hearer();
  signs.seen('a', '1');
  signs.held('a', 7);
  signs.gone('b', '1');
  pass(60_000);
  expect(signs.of('a', 7)).toEqual({ silentMs: 60_000, heard: true, listenedMs: 60_000 });
  signs.listenAnew();
  pass(0);
  pass(40);
  expect(signs.of('a', 7)).toEqual({ silentMs: 40, heard: false, listenedMs: 40 });
  expect(signs.provenSilenceMs('a', '1')).toBe(40);
  expect(signs.provenSilenceMs('b', '1')).toBe(Number.POSITIVE_INFINITY);
  signs.held('a', 7);
  pass(5);
  expect(signs.of('a', 7)).toEqual({ silentMs: 5, heard: true, listenedMs: 45 });
});

test('a crowd of names does not fill the memory: the longest unheard are forgotten', () => {
  const { signs, pass } = hearer();
  pass(10);
  signs.seen('first', '1');
  for (let n = 0; n < 10_000; n += 1) signs.seen(`a-${n}`, '1');
  pass(5);
  expect(signs.provenSilenceMs('a-9999', '1')).toBe(5);
  expect(signs.provenSilenceMs('first', '1')).toBe(15);
});
