import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus, MessageQuery, StreamSpec } from '../../../shared/bus/port.ts';
import { type BusLab, bytes, freshStream, type MakeLab, take, text } from './lab.ts';

/** What configuring and looking into streams promises. */
export function streamCases(makeLab: MakeLab): void {
  describe('streams', () => {
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

    async function filled(count: number, more: Partial<StreamSpec> = {}) {
      const stream = freshStream(more);
      await bus.streams.ensure(stream.spec);
      // Every third message goes to another subject.
      await Promise.all(
        Array.from({ length: count }, (_, n) =>
          bus.append(`${stream.at}.${(n + 1) % 3 === 0 ? 'rare.x' : 'often.x'}`, bytes(String(n + 1))),
        ),
      );
      return stream;
    }

    it('ensure creates, then finds nothing to do', async () => {
      const { spec } = freshStream({ maxPerSubject: 5, maxAgeMs: 60_000, maxBytes: 1_000_000, noAck: true });
      expect(await bus.streams.ensure(spec)).toBe('created');
      expect(await bus.streams.ensure(spec)).toBe('unchanged');
    });

    it.each<[string, Partial<StreamSpec>, Partial<StreamSpec>]>([
      ['a limit that appears', {}, { maxPerSubject: 3 }],
      ['a limit that goes', { maxBytes: 1_000_000 }, {}],
      ['an age below the duplicate window', {}, { maxAgeMs: 1_000 }],
      ['direct reading', {}, { allowDirect: true }],
      ['no acknowledgements', {}, { noAck: true }],
      ['a duplicate window', {}, { duplicateWindowMs: 30_000 }],
    ])('ensure brings a standing stream to the spec: %s', async (_, before, after) => {
      const { spec, name } = freshStream();
      await bus.streams.ensure({ ...spec, ...before });
      const { created } = (await bus.streams.info(name))!;
      expect(await bus.streams.ensure({ ...spec, ...after })).toBe('updated');
      expect(await bus.streams.ensure({ ...spec, ...after })).toBe('unchanged');
      expect((await bus.streams.info(name))!.created).toBe(created);
    });

    it('ensure changes subjects and keeps what is stored', async () => {
      const { name, at, spec } = await filled(3);
      const wider = { ...spec, subjects: [`${at}.>`, `${at}more.>`] };
      expect(await bus.streams.ensure(wider)).toBe('updated');
      expect(await bus.streams.ensure({ ...wider, subjects: [...wider.subjects].reverse() })).toBe(
        'unchanged',
      );
      expect(await bus.append(`${at}more.a`, bytes('4'))).toMatchObject({ stream: name, seq: 4 });
    });

    it('ensure says what the server refuses', async () => {
      const { spec } = freshStream();
      await bus.streams.ensure(spec);
      await expect(bus.streams.ensure({ ...spec, storage: 'memory' })).rejects.toMatchObject({
        code: 'bus-refused',
      });
    });

    it('ensure by many at once leaves one stream as specified', async () => {
      const { name, spec } = freshStream({ maxPerSubject: 7 });
      const all = await Promise.all([lab.connect(), lab.connect(), lab.connect(), lab.connect()]);
      const said = await Promise.all(all.map(({ streams }) => streams.ensure(spec)));
      expect(said).toContain('created');
      expect(said).not.toContain('updated');
      expect(await bus.streams.ensure(spec)).toBe('unchanged');
      expect(await bus.streams.info(name)).toMatchObject({ name, messages: 0 });
      await Promise.all(all.map((other) => other.close()));
    });

    it('info tells what the stream holds, and nothing of one that is not there', async () => {
      const { name } = await filled(4);
      const info = (await bus.streams.info(name))!;
      expect(info).toMatchObject({ name, firstSeq: 1, lastSeq: 4, messages: 4 });
      expect(info.bytes).toBeGreaterThan(0);
      expect(Number.isNaN(Date.parse(info.created))).toBe(false);
      expect(await bus.streams.info('NOT_THERE')).toBeUndefined();
    });

    it('get finds by sequence, the last by subject and the next by subject, wildcards included', async () => {
      const { name, at } = await filled(7);
      const seqOf = async (query: MessageQuery) => (await bus.streams.get(name, query))?.seq;
      expect(await seqOf({ seq: 2 })).toBe(2);
      expect(await seqOf({ seq: 0 })).toBeUndefined();
      expect(await seqOf({ seq: 8 })).toBeUndefined();
      expect(await seqOf({ lastBySubject: `${at}.rare.x` })).toBe(6);
      expect(await seqOf({ lastBySubject: `${at}.often.*` })).toBe(7);
      expect(await seqOf({ lastBySubject: `${at}.rare.>` })).toBe(6);
      expect(await seqOf({ lastBySubject: `${at}.*.x` })).toBe(7);
      expect(await seqOf({ lastBySubject: `${at}.never.*` })).toBeUndefined();
      expect(await seqOf({ nextBySubject: `${at}.rare.x`, fromSeq: 0 })).toBe(3);
      expect(await seqOf({ nextBySubject: `${at}.rare.*`, fromSeq: 4 })).toBe(6);
      expect(await seqOf({ nextBySubject: `${at}.*.x`, fromSeq: 4 })).toBe(4);
      expect(await seqOf({ nextBySubject: `${at}.rare.x`, fromSeq: 7 })).toBeUndefined();
      expect(await seqOf({ nextBySubject: `${at}.often.x`, fromSeq: 8 })).toBeUndefined();
      expect(await seqOf({ nextBySubject: `${at}.never.*`, fromSeq: 1 })).toBeUndefined();
      await expect(bus.streams.get('NOT_THERE', { seq: 1 })).rejects.toMatchObject({
        code: 'stream-missing',
      });
    });

    it('page gives what stands in a range, oldest first, and goes on where it stopped', async () => {
      const { name } = await filled(25);
      const seqs: number[] = [];
      for (let fromSeq = 1; ; ) {
        const page = await bus.streams.page(name, { fromSeq, limit: 10 });
        expect(page.lastSeq).toBe(25);
        seqs.push(...page.messages.map(({ seq }) => seq));
        if (page.messages.length === 0) break;
        fromSeq = page.scannedTo + 1;
      }
      expect(seqs).toEqual(Array.from({ length: 25 }, (_, n) => n + 1));
    });

    it('page with a filter says how far it has looked, also where nothing matched', async () => {
      const { name, at } = await filled(14);
      const page = (fromSeq: number, subject: string, limit: number) =>
        bus.streams.page(name, { fromSeq, subject, limit }).then(({ messages, ...rest }) => ({
          seqs: messages.map(({ seq }) => seq),
          ...rest,
        }));
      const whole = { scannedTo: 14, lastSeq: 14, pending: 0 };
      expect(await page(1, `${at}.rare.*`, 2)).toEqual({
        seqs: [3, 6],
        scannedTo: 6,
        lastSeq: 14,
        pending: 2,
      });
      expect(await page(7, `${at}.rare.*`, 2)).toEqual({ seqs: [9, 12], ...whole });
      expect(await page(7, `${at}.rare.>`, 9)).toEqual({ seqs: [9, 12], ...whole });
      expect(await page(13, `${at}.*.x`, 9)).toEqual({ seqs: [13, 14], ...whole });
      expect(await page(13, `${at}.rare.x`, 9)).toEqual({ seqs: [], ...whole });
      expect(await page(1, `${at}.never.>`, 9)).toEqual({ seqs: [], ...whole });
      expect(await page(15, `${at}.>`, 9)).toEqual({ seqs: [], ...whole });
    });

    it('page counts what stands behind it, and with a limit of 0 does nothing else', async () => {
      const { name, at } = await filled(14);
      const counted = async (fromSeq: number, subject: string, limit: number) => {
        const { messages, scannedTo, pending } = await bus.streams.page(name, { fromSeq, subject, limit });
        return { taken: messages.length, scannedTo, pending };
      };
      expect(await counted(1, `${at}.>`, 0)).toEqual({ taken: 0, scannedTo: 0, pending: 14 });
      expect(await counted(4, `${at}.rare.*`, 0)).toEqual({ taken: 0, scannedTo: 3, pending: 3 });
      expect(await counted(4, `${at}.rare.x`, 1)).toEqual({ taken: 1, scannedTo: 6, pending: 2 });
      expect(await counted(1, `${at}.*.x`, 4)).toEqual({ taken: 4, scannedTo: 4, pending: 10 });
      // Where nothing matches, nothing is left out.
      expect(await counted(13, `${at}.rare.x`, 0)).toEqual({ taken: 0, scannedTo: 14, pending: 0 });
      expect(await counted(99, `${at}.>`, 0)).toEqual({ taken: 0, scannedTo: 98, pending: 0 });
    });

    it('page leaves nothing out, however the subjects begin and end', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      // Each subject lives for a while, beside others.
      const subjects = Array.from({ length: 240 }, (_, n) => `${at}.${Math.floor(n / 20) + ((n * 7) % 4)}.x`);
      await Promise.all(subjects.map((subject) => bus.append(subject, bytes('x'))));
      const { messages } = await bus.streams.page(name, { fromSeq: 1, limit: 1_000 });
      const seqs = messages.map(({ seq }) => seq);
      expect(seqs).toHaveLength(240);
      for (let fromSeq = 2; fromSeq < 240; fromSeq += 9) {
        for (const subject of [`${at}.*.x`, `${at}.>`]) {
          const page = await bus.streams.page(name, { fromSeq, subject, limit: 1_000 });
          expect(page.messages.map(({ seq }) => seq)).toEqual(seqs.slice(fromSeq - 1));
          expect(page).toMatchObject({ scannedTo: 240, lastSeq: 240, pending: 0 });
          const part = await bus.streams.page(name, { fromSeq, subject, limit: 200, maxBytes: 150 });
          const reached = part.messages.at(-1)?.seq ?? 0;
          expect(part.messages.map(({ seq }) => seq)).toEqual(seqs.slice(fromSeq - 1, reached));
          expect(part.messages).toHaveLength(Math.min(150, 241 - fromSeq));
          expect(part.pending > 0).toBe(reached < 240);
          expect(part.scannedTo).toBe(reached);
        }
      }
    });

    it('page ends at a bound of bytes, with one message at least', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      for (const size of [3_000, 400, 400, 400, 3_000, 400])
        await bus.append(`${at}.a`, new Uint8Array(size));
      const sizes: number[][] = [];
      let pending: number[] = [];
      for (let fromSeq = 1; fromSeq <= 6; ) {
        const page = await bus.streams.page(name, { fromSeq, limit: 100, maxBytes: 1_200 });
        expect(page.lastSeq).toBe(6);
        sizes.push(page.messages.map(({ payload }) => payload.length));
        pending = [...pending, page.pending];
        fromSeq = page.scannedTo + 1;
      }
      expect(sizes).toEqual([[3_000], [400, 400, 400], [3_000], [400]]);
      expect(pending).toEqual([5, 2, 1, 0]);
    });

    it('subjects tells which stand in a stream under a pattern, and how often', async () => {
      const { name, at } = await filled(14);
      const told = async (pattern: string) => [...(await bus.streams.subjects(name, pattern))].sort();
      expect(await told(`${at}.>`)).toEqual([
        [`${at}.often.x`, 10],
        [`${at}.rare.x`, 4],
      ]);
      expect(await told(`${at}.rare.*`)).toEqual([[`${at}.rare.x`, 4]]);
      expect(await told(`${at}.*.y`)).toEqual([]);
      await bus.streams.purge(name, { subject: `${at}.often.x` });
      expect(await told(`${at}.*.x`)).toEqual([[`${at}.rare.x`, 4]]);
      await expect(bus.streams.subjects('NOT_THERE', '>')).rejects.toMatchObject({ code: 'stream-missing' });
    });

    it('page skips what the limits of the stream have removed', async () => {
      const { name } = await filled(12, { maxPerSubject: 2 });
      const page = await bus.streams.page(name, { fromSeq: 1, limit: 100 });
      expect(page.messages.map(({ seq }) => seq)).toEqual([9, 10, 11, 12]);
      expect(page.scannedTo).toBe(12);
    });

    it('page takes more bytes than a server lets pile up at once', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const big = new Uint8Array(1_000_000);
      await Promise.all(Array.from({ length: 20 }, () => bus.append(`${at}.a`, big)));
      const { messages, scannedTo } = await bus.streams.page(name, { fromSeq: 1, limit: 100 });
      expect(messages.map(({ payload }) => payload.length)).toEqual(Array(20).fill(big.length));
      expect(scannedTo).toBe(20);
    });

    it('page of an empty stream is empty, and of none an error', async () => {
      const { name, spec } = freshStream();
      await bus.streams.ensure(spec);
      const empty = { messages: [], scannedTo: 0, lastSeq: 0, pending: 0 };
      expect(await bus.streams.page(name, { fromSeq: 1, limit: 5 })).toEqual(empty);
      await expect(bus.streams.page('NOT_THERE', { fromSeq: 1, limit: 5 })).rejects.toMatchObject({
        code: 'stream-missing',
      });
    });

    it('publishes again what it has stored, with sequences that a sender cannot forge', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure({ ...spec, republish: { from: `${at}.>`, to: `wg.live.${at}.>` } });
      const subscription = bus.subscribe(`wg.live.${at}.>`);
      await bus.flush();
      await bus.append(`${at}.a`, bytes('1'));
      await bus.append(`${at}.b`, bytes('2'));
      const forged = { 'Nats-Sequence': '99', 'Nats-Last-Sequence': '98', 'Nats-Subject': 'wg.other' };
      await bus.append(`${at}.a`, bytes('3'), { headers: { ...forged, mine: 'kept' } });
      const [, second, third] = await take(subscription, 3);
      expect(second).toMatchObject({ subject: `wg.live.${at}.b`, headers: { 'Nats-Last-Sequence': '0' } });
      expect(text(third!.payload)).toBe('3');
      expect(third!.headers).toMatchObject({
        'Nats-Stream': name,
        'Nats-Subject': `${at}.a`,
        'Nats-Sequence': '3',
        'Nats-Last-Sequence': '1',
        mine: 'kept',
      });
    });
  });
}
