/**
 * The case of many writers and readers, in any size: everybody sees every mail once, in order, whatever the clocks say
 * and whatever becomes of the server.
 */
import { setMaxListeners } from 'node:events';
import { expect } from 'vitest';
import type { MailRecord } from '../../schemas/index.ts';
import { sequenceOf } from '../../shared/mail/record.ts';
import { until } from './asking.ts';
import { openDesk, randomOf, readInto, type Seen, write } from './mail-traffic.ts';
import { startHive } from './orchestrator.ts';

export interface MailOrderOptions {
  readonly writers: number;
  readonly messages: number;
  readonly readers: number;
  /** How often the server is killed and restarted, spread over the traffic. */
  readonly kills: number;
  readonly seed: number;
  readonly timeoutMs: number;
}

export async function expectMailInOrder(options: MailOrderOptions): Promise<void> {
  const { writers, messages, readers, kills, seed, timeoutMs } = options;
  const hive = await startHive();
  const end = new AbortController();
  // Every reader listens: many readers are no leak to warn of.
  setMaxListeners(0, end.signal);
  const random = randomOf(seed);
  const total = writers * messages;
  let sentCount = 0;
  const hasSent = (what: string, count: number) => until(what, () => sentCount >= count, timeoutMs);
  const kill = async () => {
    for (let n = 1; n <= kills; n += 1) {
      await hasSent('it is time to kill the server', (total * n) / (kills + 1));
      await hive.server.kill();
      await hive.server.restart();
    }
  };
  const read = async (seen: Seen[], n: number, join: number) => {
    await hasSent('its time to join comes', join);
    await readInto(seen, () => openDesk(hive, `reader-${n}`), randomOf(seed + n + 1), end.signal);
  };
  try {
    const names = Array.from({ length: writers }, (_, n) => `writer-${n}`);
    // Off by up to two hours, in either direction.
    const skewed = names.map((name) => openDesk(hive, name, Math.round((random() - 0.5) * 4 * 3_600_000)));
    const desks = await Promise.all(skewed);
    const seen = Array.from({ length: readers }, (): Seen[] => []);
    const reading = Promise.all(seen.map((one, n) => read(one, n, Math.floor(random() * total * 0.8))));
    // A case that has failed before is told by what failed first.
    reading.catch(() => undefined);
    const killing = kill();
    killing.catch(() => undefined);
    const count = () => {
      sentCount += 1;
    };
    const writing = desks.map((desk, n) => write(desk, messages, randomOf(seed - n - 1), count));
    const [sent] = await Promise.all([Promise.all(writing), killing]);

    const judge = await openDesk(hive, 'judge');
    const log = await until(
      'the log can be read',
      () => judge.log({ limit: 0 }).catch(() => undefined),
      timeoutMs,
    );
    // What a send answered stands there, once; nothing else does.
    expect(log.records.toSorted(bySeq)).toEqual(sent.flat().toSorted(bySeq));
    for (const name of names) {
      const own = log.records.filter(({ from }) => from === name).map(({ body }) => body);
      expect(own).toEqual(Array.from({ length: messages }, (_, n) => `${name}:${n}`));
    }

    const expected = log.records.map((record) => ({ seq: sequenceOf(record), body: record.body }));
    const last = expected.at(-1)?.seq ?? 0;
    const isThere = (one: readonly Seen[]) => (one.at(-1)?.seq ?? 0) >= last;
    await Promise.race([until('every reader is there', () => seen.every(isThere), timeoutMs), reading]);
    end.abort();
    await reading;
    for (const one of seen) expect(one).toEqual(expected);
  } finally {
    end.abort();
    await hive.stop();
  }
}

const bySeq = (a: MailRecord, b: MailRecord): number => sequenceOf(a) - sequenceOf(b);
