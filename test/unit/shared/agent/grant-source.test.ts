import { expect, test } from 'vitest';
import type { ClaimAnswer, Report } from '../../../../schemas/index.ts';
import { GrantSource } from '../../../../shared/agent/grant-source.ts';
import type { LastMail } from '../../../../shared/agent/outbox.ts';
import type { Claimer } from '../../../../shared/bus/claimer.ts';
import { systemClock } from '../../../../shared/clock.ts';

const signal = new AbortController().signal;

/** A source whose predecessor mailed its last report as mail 41, and what happened in order: flushes and claims. */
function aSource() {
  const told: string[] = [];
  const head = { v: 1 as const, term: 1, journal_seq: 1, genesis: 'g' };
  const over: ClaimAnswer = { ...head, kind: 'ended', fence: 1, why: 'it is over' };
  const nothing: ClaimAnswer = { ...head, kind: 'nothing' };
  /** What stands outside: `unsent` is what the next flush mails, `carried` what the next claim can carry. */
  const outside: {
    mailed: LastMail;
    unsent?: LastMail;
    carried?: Report;
    isDelivering: boolean;
    answer: ClaimAnswer | undefined;
  } = { mailed: { seq: 41 }, isDelivering: true, answer: over };
  const claimer: Claimer = {
    async next({ afterMail }) {
      told.push(`claim after ${afterMail}`);
      if (outside.answer === undefined) throw new Error('nobody answers');
      return outside.answer;
    },
    close: () => {},
  };
  const courier = {
    async flush() {
      if (!outside.isDelivering) throw new Error('cut off');
      told.push('flush');
      outside.mailed = outside.unsent ?? outside.mailed;
    },
    forClaim: async () => outside.carried,
    isReporting: () => false,
    answered: async () => {},
  };
  const outbox = { lastMail: () => outside.mailed };
  const source = new GrantSource({ claimer, courier, outbox, held: new Set(), clock: systemClock });
  const claims = () => told.filter((one) => one !== 'flush');
  return { source, told, claims, outside, nothing, over };
}

test('the first claim is decided after what a predecessor had mailed, though nothing waits any more', async () => {
  const { source, claims } = aSource();
  await source.begin(signal);
  await source.ask(signal);
  await source.ask(signal);
  expect(claims()).toEqual(['claim after 41', 'claim after undefined']);
});

test('the first claim is decided after what the start itself mailed', async () => {
  const { source, claims, outside } = aSource();
  outside.unsent = { seq: 57 };
  await source.begin(signal);
  await source.ask(signal);
  expect(claims()).toEqual(['claim after 57']);
});

test('one that leaves before its first claim leaves after what a predecessor had mailed', async () => {
  const { source, claims } = aSource();
  await source.begin(signal);
  await source.withdraw();
  expect(claims()).toEqual(['claim after 41']);
});

test('one that is told to leave while it delivers what a predecessor left leaves after its mail', async () => {
  const { source, claims, outside } = aSource();
  outside.isDelivering = false;
  await expect(source.begin(signal)).rejects.toThrow('cut off');
  outside.isDelivering = true;
  await source.withdraw();
  expect(claims()).toEqual(['claim after 41']);
});

test('who leaves while its claim still waits for a mail leaves after that mail', async () => {
  const { source, claims, outside, nothing } = aSource();
  outside.unsent = { seq: 57 };
  outside.answer = nothing;
  await source.ask(signal);
  await source.withdraw();
  expect(claims()).toEqual(['claim after 57', 'claim after 57']);
});

test('after a withdrawal that was cut off the next claim is decided after what that had mailed', async () => {
  const { source, claims, outside, over } = aSource();
  await source.begin(signal);
  await source.ask(signal);
  outside.unsent = { seq: 57 };
  outside.answer = undefined;
  await expect(source.withdraw()).rejects.toThrow('nobody answers');
  outside.answer = over;
  await source.ask(signal);
  expect(claims()).toEqual(['claim after 41', 'claim after 57', 'claim after 57']);
});

test('what was mailed before a delivery was cut off counts as well', async () => {
  const { source, claims, outside } = aSource();
  await source.begin(signal);
  await source.ask(signal);
  outside.mailed = { seq: 57 };
  outside.isDelivering = false;
  await expect(source.ask(signal)).rejects.toThrow('cut off');
  outside.isDelivering = true;
  await source.ask(signal);
  expect(claims()).toEqual(['claim after 41', 'claim after 57']);
});

test('a mail is told from another of the same sequence, which a MAIL that was made anew may give', async () => {
  const { source, claims, outside } = aSource();
  await source.begin(signal);
  await source.ask(signal);
  outside.unsent = { seq: 41 };
  await source.ask(signal);
  await source.ask(signal);
  expect(claims()).toEqual(['claim after 41', 'claim after 41', 'claim after undefined']);
});

test('a claim that carries the end of a run is decided after what was mailed while the run went on', async () => {
  const { source, told, outside } = aSource();
  await source.begin(signal);
  await source.ask(signal);
  // The newest checkpoint.
  outside.mailed = { seq: 57 };
  outside.carried = {
    v: 1,
    kind: 'failed',
    id: 'r',
    task: 't',
    fence: 1,
    run: 'r-1',
    outcome: 'crashed',
    reason: 'x',
  };
  const { isCarrying } = await source.ask(signal);
  expect(isCarrying).toBe(true);
  expect(told.at(-1)).toBe('claim after 57');
});

test('reports that a claim cannot carry go before it, by mail, and it is decided after them', async () => {
  const { source, told, outside } = aSource();
  // A word of progress came in beside the report of the run's end.
  outside.unsent = { seq: 42 };
  const { isCarrying } = await source.ask(signal, 0);
  expect(told).toEqual(['flush', 'claim after 42']);
  expect(isCarrying).toBe(false);
});
