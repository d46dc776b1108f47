import { expect, test } from 'vitest';
import type { ClaimAnswer } from '../../../../schemas/index.ts';
import { GrantSource, type GrantSourceOptions } from '../../../../shared/agent/grant-source.ts';
import type { Claimer } from '../../../../shared/bus/claimer.ts';
import { systemClock } from '../../../../shared/clock.ts';

const signal = new AbortController().signal;

/** A source whose predecessor mailed its last report as mail 41; what its claims name to be decided after. */
function sourceWith(flushed: number | undefined) {
  const after: (number | undefined)[] = [];
  const head = { v: 1 as const, term: 1, journal_seq: 1, genesis: 'g' };
  const answer: { kind: 'ended' | 'nothing' | 'lost' } = { kind: 'ended' };
  const mailed = { last: 41 };
  const over: ClaimAnswer = { ...head, kind: 'ended', fence: 1, why: 'it is over' };
  const claimer: Claimer = {
    async next({ afterMail }) {
      after.push(afterMail);
      if (answer.kind === 'lost') throw new Error('nobody answers');
      const said: ClaimAnswer = answer.kind === 'nothing' ? { ...head, kind: 'nothing' } : over;
      return said;
    },
    close: () => {},
  };
  const courier = {
    flush: async (): Promise<number | undefined> => flushed,
    forClaim: async () => undefined,
    isReporting: () => false,
    answered: async () => {},
  };
  const outbox = { lastMail: () => mailed.last };
  const source = new GrantSource({ claimer, courier, outbox, held: new Set(), clock: systemClock });
  return { source, after, courier, answer, mailed };
}

test('the first claim is decided after what a predecessor had mailed, though nothing waits any more', async () => {
  const { source, after } = sourceWith(undefined);
  await source.begin(signal);
  await source.ask(signal);
  await source.ask(signal);
  expect(after).toEqual([41, undefined]);
});

test('the first claim is decided after what the start itself mailed', async () => {
  const { source, after } = sourceWith(57);
  await source.begin(signal);
  await source.ask(signal);
  expect(after).toEqual([57]);
});

test('one that leaves before its first claim leaves after what a predecessor had mailed', async () => {
  const { source, after } = sourceWith(undefined);
  await source.begin(signal);
  await source.withdraw();
  expect(after).toEqual([41]);
});

test('one that is told to leave while it delivers what a predecessor left leaves after its mail', async () => {
  const { source, after, courier } = sourceWith(undefined);
  courier.flush = () => Promise.reject(new Error('told to leave'));
  await expect(source.begin(signal)).rejects.toThrow('told to leave');
  courier.flush = async () => undefined;
  await source.withdraw();
  expect(after).toEqual([41]);
});

test('who leaves while its claim still waits for a mail leaves after that mail', async () => {
  const { source, after, courier, answer } = sourceWith(undefined);
  courier.flush = async () => 57;
  answer.kind = 'nothing';
  await source.ask(signal);
  courier.flush = async () => undefined;
  await source.withdraw();
  expect(after).toEqual([57, 57]);
});

test('after a withdrawal that was cut off the next claim is decided after what that had mailed', async () => {
  const { source, after, courier, answer } = sourceWith(undefined);
  await source.begin(signal);
  await source.ask(signal);
  courier.flush = async () => 57;
  answer.kind = 'lost';
  await expect(source.withdraw()).rejects.toThrow('nobody answers');
  courier.flush = async () => undefined;
  answer.kind = 'ended';
  await source.ask(signal);
  expect(after).toEqual([41, 57, 57]);
});

test('what was mailed before a delivery was cut off counts as well', async () => {
  const { source, after, courier, mailed } = sourceWith(undefined);
  await source.begin(signal);
  await source.ask(signal);
  mailed.last = 57;
  courier.flush = () => Promise.reject(new Error('paused'));
  await expect(source.ask(signal)).rejects.toThrow('paused');
  courier.flush = async () => undefined;
  await source.ask(signal);
  expect(after).toEqual([41, 57]);
});

test('reports that a claim cannot carry go before it, by mail, and it is decided after them', async () => {
  const order: string[] = [];
  const source = new GrantSource({
    held: new Set(),
    courier: {
      // A word of progress came in beside the report of the run's end.
      forClaim: async () => undefined,
      flush: async () => {
        order.push('flush');
        return 7;
      },
      isReporting: () => false,
    },
    claimer: {
      next: async ({ afterMail }: { afterMail?: number }) => {
        order.push(`claim after ${afterMail}`);
        return { kind: 'nothing' };
      },
    },
  } as unknown as GrantSourceOptions);
  const { isCarrying } = await source.ask(new AbortController().signal, 0);
  expect(order).toEqual(['flush', 'claim after 7']);
  expect(isCarrying).toBe(false);
});
