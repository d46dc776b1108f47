import { expect, test } from 'vitest';
import { StopRules } from '../../../../services/worker/stop-rules.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { QuantitativeStop, StopRules as Rules } from '../../../../shared/config/stop-rules.ts';
import { silentLog } from '../../../../shared/log.ts';

const never = new AbortController().signal;
const command = (run: string, more: Partial<QuantitativeStop> = {}): Rules => ({
  quantitative: {
    run,
    every: 1,
    when: 'before',
    exitCodes: [0],
    invert: false,
    stdout: 'any',
    stderr: 'any',
    decision: 'stop',
    timeoutMs: 10_000,
    ...more,
  },
});
const rulesOf = (rules: Rules) =>
  new StopRules({ rules, folder: '/', environment: process.env, clock: systemClock, log: silentLog });

test('without rules a worker goes on for ever', async () => {
  const rules = rulesOf({});
  expect([await rules.goesOn('before', never), await rules.goesOn('after', never)]).toEqual([true, true]);
  expect(rules.question(false)).toBe(undefined);
});

test.each([
  ['true', 'stop', false],
  ['false', 'stop', true],
  ['true', 'continue', true],
  ['false', 'continue', true],
] as const)('`%s` with the decision %s: goes on %s', async (run, decision, goesOn) => {
  expect(await rulesOf(command(run, { decision })).goesOn('before', never)).toBe(goesOn);
});

test('a command is asked when it is to be: before, after or both, at every so many runs', async () => {
  const after = rulesOf(command('true', { when: 'after', every: 2 }));
  expect(await after.goesOn('before', never)).toBe(true);
  expect(await after.goesOn('after', never)).toBe(true);
  expect(await after.goesOn('after', never)).toBe(false);
  const before = rulesOf(command('true', { every: 2 }));
  expect(await before.goesOn('before', never)).toBe(true);
  await before.goesOn('after', never);
  expect(await before.goesOn('before', never)).toBe(false);
  const both = rulesOf(command('true', { when: 'both' }));
  expect([await both.goesOn('before', never), await both.goesOn('after', never)]).toEqual([false, false]);
});

test('a command that cannot be asked stops nobody', async () => {
  const rules = rulesOf(command('sleep 60', { timeoutMs: 50, exitCodes: [0], invert: true }));
  expect(await rules.goesOn('before', never)).toBe(true);
});

const asked = (onInvalid: 'stop' | 'continue', every = 1): Rules => ({
  qualitative: { every, prompt: 'Is it good enough?', onInvalid },
});

test('the question follows every so many runs, and never one whose prompt was overridden', async () => {
  const rules = rulesOf(asked('continue', 2));
  expect(rules.question(false)).toBe(undefined);
  await rules.goesOn('after', never);
  expect([rules.question(false), rules.question(true)]).toEqual(['Is it good enough?', undefined]);
});

test.each([
  ['0 it is good enough', 'continue', false],
  ['1', 'stop', true],
  ['\n 0\n', 'continue', false],
  ['Maybe 0', 'continue', true],
  ['Maybe 1', 'stop', false],
  ['', 'stop', false],
  ['01', 'continue', true],
] as const)('the answer %j, with %s where it is none: goes on %s', async (answer, onInvalid, goesOn) => {
  const rules = rulesOf(asked(onInvalid));
  rules.answered(answer);
  expect(await rules.goesOn('after', never)).toBe(goesOn);
});
