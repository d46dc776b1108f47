import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus, Stored } from '../../../shared/bus/port.ts';
import { type BusLab, bytes, freshStream, type MakeLab, take, text } from './lab.ts';

const patience = { timeout: 10_000, interval: 5 };

/** What reading without an end promises. */
export function readCases(makeLab: MakeLab): void {
  describe('read', () => {
    let lab: BusLab;
    let bus: Bus;
    let abort = new AbortController();
    beforeAll(async () => {
      lab = await makeLab();
      bus = await lab.connect();
    });
    beforeEach(() => vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience));
    afterEach(() => {
      abort.abort();
      abort = new AbortController();
    });
    afterAll(async () => {
      await bus.close();
      await lab.stop();
    });

    /** Reads in the background until the signal aborts; `done` fails when the reading does. */
    function collect(name: string, fromSeq = 1, subject?: string): { seqs: number[]; done: Promise<void> } {
      const seqs: number[] = [];
      const options = { fromSeq, ...(subject === undefined ? {} : { subject }) };
      const done = (async () => {
        for await (const { seq } of bus.streams.read(name, options, abort.signal)) seqs.push(seq);
      })();
      return { seqs, done };
    }

    const upTo = (last: number, first = 1): number[] =>
      Array.from({ length: last - first + 1 }, (_, n) => first + n);

    async function fill(at: string, count: number): Promise<void> {
      await Promise.all(
        Array.from({ length: count }, (_, n) => bus.append(`${at}.${n % 2}`, bytes(String(n)))),
      );
    }

    it('yields what stands there and then what comes, in order', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      await fill(at, 1_500);
      const { seqs, done } = collect(name);
      await vi.waitFor(() => expect(seqs).toHaveLength(1_500), patience);
      await fill(at, 1_500);
      await vi.waitFor(() => expect(seqs).toHaveLength(3_000), patience);
      expect(seqs).toEqual(upTo(3_000));
      abort.abort();
      await done;
    });

    it('starts in the middle and heeds a filter with a wildcard', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      await fill(at, 10);
      const stored = await take(bus.streams.read(name, { fromSeq: 4, subject: `${at}.1` }, abort.signal), 4);
      expect(stored.map(({ seq }) => seq)).toEqual([4, 6, 8, 10]);
      expect(stored.map(({ payload }) => text(payload))).toEqual(['3', '5', '7', '9']);
      expect(stored[0]).toMatchObject({ stream: name, subject: `${at}.1` });
      expect(Math.abs(stored[0]!.at - Date.now())).toBeLessThan(60_000);
      const rest = await take(bus.streams.read(name, { fromSeq: 9, subject: `${at}.*` }, abort.signal), 2);
      expect(rest.map(({ seq }) => seq)).toEqual([9, 10]);
    });

    it('yields nothing below a start that is still to come', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      await fill(at, 3);
      const { seqs, done } = collect(name, 6);
      await fill(at, 4);
      await vi.waitFor(() => expect(seqs).toEqual([6, 7]), patience);
      abort.abort();
      await done;
    });

    it('ends without an error as soon as the signal aborts, also while nothing comes', async () => {
      const { name, spec } = freshStream();
      await bus.streams.ensure(spec);
      const next = bus.streams.read(name, { fromSeq: 1 }, abort.signal)[Symbol.asyncIterator]().next();
      await bus.flush();
      const began = performance.now();
      abort.abort();
      expect(await next).toEqual({ done: true, value: undefined });
      expect(performance.now() - began).toBeLessThan(1_000);
      expect(await take(bus.streams.read(name, { fromSeq: 1 }, AbortSignal.abort()), 1)).toEqual([]);
    });

    it('takes no more than its reader does, and loses nothing by waiting', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const kib = new Uint8Array(16_384);
      await Promise.all(
        Array.from({ length: 2_000 }, () => bus.append(`${at}.a`, kib, { timeoutMs: 30_000 })),
      );
      const reading = bus.streams.read(name, { fromSeq: 1 }, abort.signal)[Symbol.asyncIterator]();
      const seqs: number[] = [];
      while (seqs.length < 2_000) {
        const { value } = (await reading.next()) as { value: Stored };
        seqs.push(value.seq);
        if (seqs.length % 500 === 0) await bus.flush();
      }
      expect(seqs).toEqual(upTo(2_000));
      await reading.return?.();
    });

    it('says so when the stream is missing', async () => {
      const read = bus.streams.read('NOT_THERE', { fromSeq: 1 }, abort.signal);
      await expect(take(read, 1)).rejects.toMatchObject({ code: 'stream-missing' });
    });

    it('goes on over kills of the server, without loss or copy, while others append', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const { seqs, done } = collect(name);
      const filtered = collect(name, 1, `${at}.1`);
      for (let round = 0; round < 3; round += 1) {
        await fill(at, 300);
        await vi.waitFor(() => expect(seqs.length).toBeGreaterThan(round * 300), patience);
        await lab.kill();
        await lab.restart();
        await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
      }
      await fill(at, 100);
      await vi.waitFor(() => expect(seqs.length).toBeGreaterThanOrEqual(1_000), patience);
      await vi.waitFor(() => expect(filtered.seqs.length).toBeGreaterThanOrEqual(500), patience);
      expect(seqs).toEqual(upTo(1_000));
      expect(filtered.seqs).toEqual([...new Set(filtered.seqs)].sort((a, b) => a - b));
      expect(filtered.seqs).toHaveLength(500);
      abort.abort();
      await Promise.all([done, filtered.done]);
    });

    it('waits for the server when it begins while that is away', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      await fill(at, 2);
      await lab.kill();
      await vi.waitFor(() => expect(bus.isConnected()).toBe(false), patience);
      const { seqs, done } = collect(name);
      await lab.restart();
      await vi.waitFor(() => expect(seqs).toEqual([1, 2]), patience);
      abort.abort();
      await done;
    });

    it('ends with an error when the stream was lost with its server, rather than wait for ever', async () => {
      const { name, at, spec } = freshStream({ storage: 'memory' });
      await bus.streams.ensure(spec);
      await fill(at, 3);
      const { seqs, done } = collect(name);
      const ended = done.catch((error) => error.code);
      await vi.waitFor(() => expect(seqs).toHaveLength(3), patience);
      await lab.kill();
      await lab.restart();
      expect(await ended).toBe('stream-missing');
    });

    it('ends with an error when its connection is closed', async () => {
      const { name, spec } = freshStream();
      await bus.streams.ensure(spec);
      const other = await lab.connect();
      const next = take(other.streams.read(name, { fromSeq: 1 }, abort.signal), 1);
      await other.flush();
      await Promise.all([expect(next).rejects.toMatchObject({ code: 'bus-closed' }), other.close()]);
    });
  });
}
