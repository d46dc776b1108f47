import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Bus, StreamSpec } from '../../../shared/bus/port.ts';
import { type BusLab, bytes, freshStream, type MakeLab, text } from './lab.ts';

const patience = { timeout: 10_000, interval: 5 };

/** What removing messages promises, and finding streams by name. */
export function trimCases(makeLab: MakeLab): void {
  describe('trimming streams', () => {
    let lab: BusLab;
    let bus: Bus;
    beforeAll(async () => {
      lab = await makeLab();
      bus = await lab.connect();
    });
    afterAll(async () => {
      await bus.close();
      await lab.stop();
    });

    /** A stream of `count` messages; every third goes to another subject. */
    async function filled(count: number, more: Partial<StreamSpec> = {}) {
      const stream = freshStream(more);
      await bus.streams.ensure(stream.spec);
      for (let n = 1; n <= count; n += 1)
        await bus.append(`${stream.at}.${n % 3 === 0 ? 'rare.x' : 'often.x'}`, bytes(String(n)));
      return stream;
    }
    const seqsOf = async (name: string) =>
      (await bus.streams.page(name, { fromSeq: 1, limit: 1_000 })).messages.map(({ seq }) => seq);
    const restart = async () => {
      await lab.kill();
      await lab.restart();
      await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
    };

    it('purge removes what stands below a sequence, and counts it', async () => {
      const { name, at } = await filled(9);
      expect(await bus.streams.purge(name, { before: 4 })).toBe(3);
      expect(await seqsOf(name)).toEqual([4, 5, 6, 7, 8, 9]);
      expect(await bus.streams.purge(name, { before: 4 })).toBe(0);
      expect(await bus.append(`${at}.a`, bytes('x'), { expectLastSeq: 9 })).toMatchObject({ seq: 10 });
      expect(await bus.streams.purge(name, { before: 10 })).toBe(6);
      expect(await seqsOf(name)).toEqual([10]);
    });

    it.each(['file', 'memory'] as const)(
      'purge of a %s stream removes nothing where nothing stands below',
      async (storage) => {
        const { name, at } = await filled(5, { storage });
        for (const before of [-1, 0, 1]) expect(await bus.streams.purge(name, { before })).toBe(0);
        expect(await seqsOf(name)).toEqual([1, 2, 3, 4, 5]);
        expect(await bus.streams.purge(name, { before: 4 })).toBe(3);
        for (const before of [0, 1, 3, 4]) expect(await bus.streams.purge(name, { before })).toBe(0);
        expect(await bus.streams.purge(name, { before: 6 })).toBe(2);
        for (const before of [0, 1, 4, 6]) expect(await bus.streams.purge(name, { before })).toBe(0);
        expect(await bus.append(`${at}.a`, bytes('x'), { expectLastSeq: 5 })).toMatchObject({ seq: 6 });
      },
    );

    it('purge by subject removes all under it, wildcards included, and nothing else', async () => {
      const { name, at } = await filled(9);
      expect(await bus.streams.purge(name, { subject: `${at}.rare.*` })).toBe(3);
      expect(await seqsOf(name)).toEqual([1, 2, 4, 5, 7, 8]);
      expect(await bus.streams.purge(name, { subject: `${at}.rare.x` })).toBe(0);
      expect(await bus.streams.purge(name, { subject: 'wg.never' })).toBe(0);
      expect(await bus.streams.purge(name, { subject: '' })).toBe(0);
      expect(await bus.streams.purge(name, { subject: `${at}.>` })).toBe(6);
      expect(await bus.append(`${at}.a`, bytes('x'), { expectLastSeq: 9 })).toMatchObject({ seq: 10 });
    });

    it.each(['file', 'memory'] as const)(
      'purge of an empty %s stream before N gives its next message the sequence N',
      async (storage) => {
        const { name, at, spec } = freshStream({ storage });
        await bus.streams.ensure(spec);
        for (const before of [1, 500, 2_000]) {
          expect(await bus.streams.purge(name, { before })).toBe(0);
          expect(await bus.streams.info(name)).toMatchObject({ lastSeq: before - 1, messages: 0 });
        }
        expect(await bus.append(`${at}.a`, bytes('x'))).toMatchObject({ seq: 2_000 });
        expect(await bus.append(`${at}.a`, bytes('y'))).toMatchObject({ seq: 2_001 });
        expect(text((await bus.streams.get(name, { seq: 2_000 }))!.payload)).toBe('x');
      },
    );

    it('purge past the end empties the stream and moves its end there', async () => {
      const { name, at } = await filled(3);
      expect(await bus.streams.purge(name, { before: 100 })).toBe(3);
      expect(await bus.streams.info(name)).toMatchObject({ firstSeq: 100, lastSeq: 99, messages: 0 });
      expect(await bus.append(`${at}.a`, bytes('x'))).toMatchObject({ seq: 100 });
    });

    it('where a purge has moved the end stands over a kill of the server, and expectations go from there', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      await bus.streams.purge(name, { before: 77 });
      await restart();
      await vi.waitFor(
        async () => expect(await bus.streams.info(name)).toMatchObject({ lastSeq: 76 }),
        patience,
      );
      const refused = bus.append(`${at}.a`, bytes('x'), { expectLastSeq: 0 });
      await expect(refused).rejects.toMatchObject({ code: 'wrong-last-sequence' });
      expect(await bus.append(`${at}.a`, bytes('x'), { expectLastSeq: 76 })).toMatchObject({ seq: 77 });
    });

    it('a reader goes on over a purge of what it has read', async () => {
      const { name, at } = await filled(6);
      const stop = new AbortController();
      const seqs: number[] = [];
      const reading = (async () => {
        for await (const { seq } of bus.streams.read(name, { fromSeq: 1 }, stop.signal)) seqs.push(seq);
      })();
      await vi.waitFor(() => expect(seqs).toHaveLength(6), patience);
      expect(await bus.streams.purge(name, { before: 7 })).toBe(6);
      await bus.append(`${at}.a`, bytes('x'));
      await vi.waitFor(() => expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7]), patience);
      stop.abort();
      await reading;
    });

    it.each(['file', 'memory'] as const)(
      'remove takes one message out of a %s stream, once',
      async (storage) => {
        const { name, at } = await filled(4, { storage });
        expect(await bus.streams.remove(name, 2)).toBe(true);
        expect(await seqsOf(name)).toEqual([1, 3, 4]);
        for (const seq of [2, 0, -1, 5, 5_000]) expect(await bus.streams.remove(name, seq)).toBe(false);
        expect(await bus.streams.remove(name, 4)).toBe(true);
        expect(await bus.append(`${at}.a`, bytes('x'), { expectLastSeq: 4 })).toMatchObject({ seq: 5 });
        expect(await bus.streams.remove(name, 1)).toBe(true);
        for (const seq of [1, 2]) expect(await bus.streams.remove(name, seq)).toBe(false);
        expect(await seqsOf(name)).toEqual([3, 5]);
      },
    );

    it('what was removed or purged stays away when the server is killed', async () => {
      const { name } = await filled(6);
      await bus.streams.remove(name, 5);
      await bus.streams.purge(name, { before: 3 });
      await restart();
      await vi.waitFor(async () => expect(await seqsOf(name)).toEqual([3, 4, 6]), patience);
    });

    it('names are those of the account that begin so', async () => {
      const specs = ['NAMED_B', 'NAMED_A', 'NAMED'].map((name, n) =>
        freshStream({ name, subjects: [`wg.n${n}`] }),
      );
      for (const { spec } of specs) await bus.streams.ensure(spec);
      expect(await bus.streams.names('NAMED')).toEqual(['NAMED', 'NAMED_A', 'NAMED_B']);
      expect(await bus.streams.names('NAMED_')).toEqual(['NAMED_A', 'NAMED_B']);
      expect(await bus.streams.names('NOT_THERE')).toEqual([]);
    });

    it('trimming says so when the stream is missing or the right to', async () => {
      const missing = { code: 'stream-missing' };
      await expect(bus.streams.purge('NOT_THERE', { before: 5 })).rejects.toMatchObject(missing);
      await expect(bus.streams.purge('NOT_THERE', { subject: 'a' })).rejects.toMatchObject(missing);
      await expect(bus.streams.remove('NOT_THERE', 5)).rejects.toMatchObject(missing);
      const agent = await lab.connect({ asAgent: true });
      const { name, at } = await filled(1);
      const forbidden = { code: 'bus-forbidden' };
      await expect(agent.streams.purge(name, { before: 5 })).rejects.toMatchObject(forbidden);
      await expect(agent.streams.purge(name, { subject: `${at}.>` })).rejects.toMatchObject(forbidden);
      await expect(agent.streams.remove(name, 1)).rejects.toMatchObject(forbidden);
      await expect(agent.streams.names('CASE')).rejects.toMatchObject(forbidden);
      expect(await seqsOf(name)).toEqual([1]);
      await agent.close();
    });
  });
}
