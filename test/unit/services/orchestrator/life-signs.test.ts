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

test('silence counts from the last sign, and from the start of who was never heard', () => {
  const clock = clockAt();
  const signs = new LifeSigns(clock);
  clock.at += 50;
  expect(signs.silentMs('a', '1')).toBe(50);
  signs.seen('a', '1');
  clock.at += 20;
  expect(signs.silentMs('a', '1')).toBe(20);
  expect(signs.silentMs('a', '2')).toBe(70);
  expect(signs.silentMs('b', undefined)).toBe(70);
});

test('who said that it leaves is silent for ever, until it speaks again', () => {
  const clock = clockAt();
  const signs = new LifeSigns(clock);
  signs.gone('a', '1');
  expect(signs.silentMs('a', '1')).toBe(Number.POSITIVE_INFINITY);
  signs.seen('a', '1');
  expect(signs.silentMs('a', '1')).toBe(0);
});

test('what was said while the connection was away went by: silence counts from its return', () => {
  const clock = clockAt();
  const signs = new LifeSigns(clock);
  signs.seen('a', '1');
  signs.held('a', 7);
  signs.gone('b', '1');
  clock.at += 60_000;
  expect(signs.of('a', 7)).toEqual({ silentMs: 60_000, heard: true, listenedMs: 60_000 });
  signs.listenAnew();
  clock.at += 40;
  expect(signs.of('a', 7)).toEqual({ silentMs: 40, heard: false, listenedMs: 40 });
  expect(signs.silentMs('a', '1')).toBe(40);
  expect(signs.silentMs('b', '1')).toBe(Number.POSITIVE_INFINITY);
  signs.held('a', 7);
  clock.at += 5;
  expect(signs.of('a', 7)).toEqual({ silentMs: 5, heard: true, listenedMs: 45 });
});

test('a crowd of names does not fill the memory: the longest unheard are forgotten', () => {
  const clock = clockAt();
  const signs = new LifeSigns(clock);
  clock.at += 10;
  signs.seen('first', '1');
  for (let n = 0; n < 10_000; n += 1) signs.seen(`a-${n}`, '1');
  clock.at += 5;
  expect(signs.silentMs('a-9999', '1')).toBe(5);
  expect(signs.silentMs('first', '1')).toBe(15);
});
