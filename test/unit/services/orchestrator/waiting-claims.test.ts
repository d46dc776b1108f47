import { expect, test } from 'vitest';
import type { Claim } from '../../../../schemas/index.ts';
import { WaitingClaims } from '../../../../services/orchestrator/waiting-claims.ts';

const claim = (number: number, more: Partial<Claim> = {}): Claim => ({
  v: 1,
  kind: 'claim',
  work: 'task',
  incarnation: '1-a',
  slot: 0,
  number,
  holds: [],
  capabilities: { profile: 'p', harness: 'h', os: 'linux' },
  place: { host: 'h', boot: 'b', state: 's' },
  wait_ms: 1,
  ...more,
});
const waiting = (from: string, one: Claim, until = 100) => ({
  from,
  claim: one,
  until,
  answer: from,
  isTried: false,
});

test('oldest first; a repeated claim keeps its place, a new number goes to the end', () => {
  const claims = new WaitingClaims<string>();
  for (const from of ['a', 'b', 'c']) claims.add(waiting(from, claim(1)));
  claims.add(waiting('a', claim(1)));
  expect(claims.all().map(({ from }) => from)).toEqual(['a', 'b', 'c']);
  claims.add(waiting('a', claim(2)));
  expect(claims.all().map(({ from }) => from)).toEqual(['b', 'c', 'a']);
});

test('a higher number drops the claim that waits; another incarnation, maybe a refused copy, does not', () => {
  const claims = new WaitingClaims<string>();
  claims.add(waiting('a', claim(3)));
  claims.supersede('a', claim(3));
  expect(claims.all()).toHaveLength(1);
  claims.supersede('a', claim(4));
  expect(claims.all()).toHaveLength(0);
  claims.add(waiting('a', claim(4)));
  claims.supersede('a', claim(1, { incarnation: '2-a' }));
  expect(claims.all()).toHaveLength(1);
  claims.add(waiting('a', claim(1, { incarnation: '2-a' })));
  expect(claims.all()).toHaveLength(2);
});

test('a claim that is decided is waited for no more, in no copy; a later one of its slot is', () => {
  const claims = new WaitingClaims<string>();
  claims.add(waiting('a', claim(3)));
  claims.forget('a', claim(2));
  claims.forget('b', claim(3));
  expect(claims.all()).toHaveLength(1);
  claims.forget('a', claim(3));
  expect(claims.all()).toHaveLength(0);
});

test('a lower number of a slot is void once a higher one was heard, waiting or not', () => {
  const claims = new WaitingClaims<string>();
  claims.supersede('a', claim(3));
  expect(claims.isVoid('a', claim(2))).toBe(true);
  expect(claims.isVoid('a', claim(3))).toBe(false);
  expect(claims.isVoid('a', claim(1, { slot: 1 }))).toBe(false);
  expect(claims.isVoid('b', claim(1))).toBe(false);
  claims.supersede('a', claim(2));
  expect(claims.isVoid('a', claim(2))).toBe(true);
  expect(claims.isVoid('a', claim(1, { incarnation: '2-a' }))).toBe(false);
});

test('says when the next wait ends, takes out those that ended, and counts by kind of work', () => {
  const claims = new WaitingClaims<string>();
  expect(claims.nextEnd()).toBeUndefined();
  claims.add(waiting('a', claim(1), 50));
  claims.add(waiting('b', claim(1, { work: 'commit' }), 20));
  expect(claims.nextEnd()).toBe(20);
  expect(claims.counts()).toEqual({ task: 1, commit: 1 });
  expect(claims.ended(20).map(({ from }) => from)).toEqual(['b']);
  expect(claims.nextEnd()).toBe(50);
});
