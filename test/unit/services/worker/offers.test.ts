import { expect, test } from 'vitest';
import { Offers } from '../../../../services/worker/offers.ts';

const profiles = new Map([
  ['a', { harness: 'claude' }],
  ['b', { harness: 'codex' }],
] as const);

function bench() {
  let now = 0;
  const offers = new Offers(profiles, { monotonic: () => now });
  const names = () => offers.list().map(({ profile }) => profile);
  return {
    offers,
    names,
    pass(ms: number) {
      now += ms;
    },
  };
}

test('all profiles are offered, in their order, with their harness', () => {
  expect(bench().offers.list()).toEqual([
    { profile: 'a', harness: 'claude' },
    { profile: 'b', harness: 'codex' },
  ]);
});

test('one whose harness does not start rests, twice as long each time, to ten minutes at the most', () => {
  const { offers, names, pass } = bench();
  const rests = [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000];
  for (const rest of rests) {
    expect(offers.failed('a')).toBe(rest);
    pass(rest - 1);
    expect(names()).toEqual(['b']);
    pass(1);
    expect(names()).toEqual(['a', 'b']);
  }
});

test('one that started is forgiven', () => {
  const { offers } = bench();
  offers.failed('a');
  offers.failed('a');
  offers.worked('a');
  expect(offers.failed('a')).toBe(30_000);
});

test('a worker rests when all of them do, until the first is over', () => {
  const { offers, pass } = bench();
  offers.failed('a');
  expect(offers.restMs()).toBe(0);
  pass(10_000);
  offers.failed('b');
  expect(offers.restMs()).toBe(20_000);
  pass(20_000);
  expect(offers.restMs()).toBe(0);
});

test('a harness that runs takes tasks of its own profile alone', () => {
  const { offers, names } = bench();
  offers.only('b');
  expect(names()).toEqual(['b']);
  offers.only(undefined);
  expect(names()).toEqual(['a', 'b']);
});
