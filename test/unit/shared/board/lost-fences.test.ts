import { expect, test } from 'vitest';
import { fenceBeyond, termBeyond } from '../../../../shared/board/lost-fences.ts';

const DAY_MS = 86_400_000;

test('fences and terms go on beyond what a lost day may have used, and a clock that went back takes nothing off', () => {
  expect(termBeyond({ term: 7 }, 0)).toBe(1_000_007);
  expect(termBeyond({ term: 7 }, DAY_MS)).toBe(1_000_007 + DAY_MS / 1_000);
  expect(termBeyond({ term: 7 }, -DAY_MS)).toBe(1_000_007);
  expect(fenceBeyond({ nextFence: 7 }, DAY_MS)).toBeGreaterThan(fenceBeyond({ nextFence: 7 }, -DAY_MS));
});

test('beyond a board of which nothing is known there is room for ages of losses', () => {
  const now = Date.UTC(2100, 0);
  expect(termBeyond({ term: 0 }, now)).toBeGreaterThan(termBeyond({ term: 0 }, now - DAY_MS));
  expect(Number.isSafeInteger(termBeyond({ term: 0 }, now))).toBe(true);
});
