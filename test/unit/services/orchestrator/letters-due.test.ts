import { expect, test } from 'vitest';
import { letLettersComeDue } from '../../../../services/orchestrator/letters-due.ts';
import type { Bus } from '../../../../shared/bus/port.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { silentLog } from '../../../../shared/log.ts';

/**
 * One letter is due at journal time 50. `ends`: what MAIL says of its end, in turn, the last one for ever; undefined: it is
 * away. `consumed`: how far mail is consumed at each look. Gives the times at which MAIL was said to be read, and the
 * number of rests.
 */
async function run(ends: readonly (number | undefined)[], consumed: readonly number[]) {
  const over = new AbortController();
  const read: number[] = [];
  let [asked, looked, rests] = [0, 0, 0];
  const get = async () => {
    const seq = ends[Math.min(asked, ends.length - 1)];
    asked += 1;
    if (seq === undefined) throw new WaggleError('bus-closed', { reason: 'disconnected', sent: false });
    return { seq };
  };
  const writer = {
    wantsMailRead: () => (read.length === 0 ? 50 : undefined),
    mailSeq: () => {
      const seq = consumed[Math.min(looked, consumed.length - 1)] ?? 0;
      looked += 1;
      return seq;
    },
    mailIsRead: (at: number) => void read.push(at),
  };
  const sleep = async () => {
    rests += 1;
    if (read.length > 0 || rests > 50) over.abort();
  };
  const clock = { now: () => 0, monotonic: () => 0, sleep };
  const swarm = { streams: { get } } as unknown as Bus;
  await letLettersComeDue({ swarm, project: 'p', writer, clock, log: silentLog }, over.signal);
  return { read, rests };
}

test('MAIL is read when its end of that moment is consumed', async () => {
  expect(await run([7], [7])).toEqual({ read: [50], rests: 1 });
  expect(await run([7], [3, 5, 7])).toEqual({ read: [50], rests: 3 });
});

test('while the bus is away nothing is read, and it is asked again', async () => {
  expect(await run([undefined, undefined, 7], [7])).toEqual({ read: [50], rests: 3 });
});

test('an end that was cut off MAIL meanwhile is not waited for, and one that cannot be asked for is', async () => {
  expect(await run([7, 4], [4])).toEqual({ read: [50], rests: 2 });
  expect(await run([7, undefined, 4], [4])).toEqual({ read: [50], rests: 3 });
});
