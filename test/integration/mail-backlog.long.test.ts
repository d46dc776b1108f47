/**
 * A reader that cannot keep up: what waits for it stays in MAIL, not in its memory.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredMail } from '../../schemas/index.ts';
import { watchMail } from '../../shared/bus/mail-watch.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader, type Reader } from '../../shared/bus/read-client.ts';
import type { MailTarget } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { until } from '../support/asking.ts';
import { fillMail } from '../support/mail-filling.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';

const COUNT = 100_000;
const news: MailTarget = { kind: 'topic', name: 'news' };
const at = (n: number) => ({ from: `a${n % 5}`, to: news });
/** A thousand bytes. */
const long = (n: number) => String(n).padEnd(1_000, '.');

let hive: TestHive;
let swarm: Bus;
let slow: Bus;
let reader: Reader;

beforeAll(async () => {
  hive = await startHive();
  swarm = await hive.services('swarm');
  slow = await hive.connect('slow');
  reader = createReader(slow, project, 'slow');
});
afterAll(() => hive.stop());

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** What is held after collections, in MiB: what only waits to be let go (buffers, finalizers) is not counted. */
async function held(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 ** 2;
}

function watch(after: number) {
  const end = new AbortController();
  const watching = watchMail(slow, project, reader, { target: news, after }, systemClock, end.signal);
  return { watching, end };
}

test('a slow reader holds little, sees how far behind it is, and goes on where it was', {
  timeout: 120_000,
}, async () => {
  const first = watch(0);
  const pulled = first.watching.next();
  await fillMail(swarm, project, 1, at, long);
  await pulled;
  const before = await held();

  // The reader takes nothing while all of it comes by live.
  const last = await fillMail(swarm, project, COUNT, at, long);
  await slow.flush();
  expect((await held()) - before).toBeLessThan(16);

  const seqs: number[] = [];
  const lags: number[] = [];
  for (let taken = 0; taken < 30_000; taken += 1) {
    const { value } = await first.watching.next();
    seqs.push(value?.mail.seq ?? 0);
    lags.push(value?.lag ?? -1);
  }
  expect(lags[0]).toBeGreaterThan(COUNT - 1_500);
  expect(lags.at(-1)).toBe(last - (seqs.at(-1) ?? 0));
  expect((await held()) - before).toBeLessThan(16);
  first.end.abort();
  expect(await first.watching.next()).toMatchObject({ done: true });

  const second = watch(seqs.at(-1) ?? 0);
  for await (const { mail, lag } of second.watching) {
    seqs.push(mail.seq);
    lags.push(lag);
    if (mail.seq >= last) break;
  }
  expect(lags.at(-1)).toBe(0);
  expect(seqs).toEqual(Array.from({ length: COUNT }, (_, n) => last - COUNT + 1 + n));
});

test('a reader that is overrun again and again gets all in order, and then follows live', {
  timeout: 120_000,
}, async () => {
  const { last: start } = await reader.mail({ last: 0 });
  const { watching, end } = watch(start);
  const seen: StoredMail[] = [];
  const lags: number[] = [];
  const reading = (async () => {
    for await (const { mail, lag } of watching) {
      seen.push(mail);
      lags.push(lag);
      // Slower than what comes: 20,000 take some seconds.
      if (seen.length % 500 === 0) await systemClock.sleep(20);
    }
  })();
  const last = await fillMail(swarm, project, 20_000, at);
  await until('all of it came', () => seen.at(-1)?.seq === last, 60_000);
  expect(Math.max(...lags)).toBeGreaterThan(500);
  const live = await fillMail(swarm, project, 3, at);
  await until('it follows', () => seen.at(-1)?.seq === live);
  end.abort();
  await reading;
  expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: 20_003 }, (_, n) => start + 1 + n));
  expect(lags.at(-1)).toBe(0);
});
