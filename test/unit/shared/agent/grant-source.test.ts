import { expect, test } from 'vitest';
import type { ClaimAnswer } from '../../../../schemas/index.ts';
import { GrantSource, type GrantSourceOptions } from '../../../../shared/agent/grant-source.ts';
import type { Claimer } from '../../../../shared/bus/claimer.ts';
import { systemClock } from '../../../../shared/clock.ts';

const signal = new AbortController().signal;

/** A source whose predecessor mailed its last report as mail 41; what its claims name to be decided after. */
function sourceWith(flushed: number | undefined): { source: GrantSource; after: (number | undefined)[] } {
  const after: (number | undefined)[] = [];
  const answer: ClaimAnswer = {
    v: 1,
    kind: 'ended',
    term: 1,
    journal_seq: 1,
    genesis: 'g',
    fence: 1,
    why: 'it is over',
  };
  const claimer: Claimer = {
    async next({ afterMail }) {
      after.push(afterMail);
      return answer;
    },
    close: () => {},
  };
  const courier = {
    flush: async () => flushed,
    forClaim: async () => undefined,
    isReporting: () => false,
    answered: async () => {},
  };
  const outbox = { lastMail: () => 41 };
  const source = new GrantSource({ claimer, courier, outbox, held: new Set(), clock: systemClock });
  return { source, after };
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
