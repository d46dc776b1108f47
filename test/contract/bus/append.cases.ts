import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '../../../shared/bus/port.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import { type BusLab, bytes, freshStream, type MakeLab, take, text } from './lab.ts';

/** What appending promises. */
export function appendCases(makeLab: MakeLab): void {
  describe('append', () => {
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

    it('says where a message is stored, and it can be got there', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const before = Date.now();
      const appended = await bus.append(`${at}.a`, bytes('one'), {
        headers: { 'Content-Type': 'text/plain' },
      });
      expect(appended).toEqual({ stream: name, seq: 1, duplicate: false });
      const stored = await bus.streams.get(name, { seq: 1 });
      expect(stored).toMatchObject({ stream: name, seq: 1, subject: `${at}.a` });
      expect(text(stored!.payload)).toBe('one');
      expect(stored!.headers['Content-Type']).toBe('text/plain');
      expect(Math.abs(stored!.at - before)).toBeLessThan(60_000);
    });

    it('stores empty and binary payloads unchanged', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const binary = Uint8Array.from({ length: 256 }, (_, index) => index);
      await bus.append(`${at}.a`, new Uint8Array());
      await bus.append(`${at}.a`, binary);
      expect((await bus.streams.get(name, { seq: 1 }))!.payload).toHaveLength(0);
      expect(Buffer.compare((await bus.streams.get(name, { seq: 2 }))!.payload, binary)).toBe(0);
    });

    it('stores at the expected last sequence, and refuses at another, 0 included', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      await bus.append(`${at}.a`, bytes('1'), { expectLastSeq: 0 });
      await bus.append(`${at}.b`, bytes('2'), { expectLastSeq: 1 });
      for (const expectLastSeq of [0, 1, 3])
        await expect(bus.append(`${at}.a`, bytes('x'), { expectLastSeq })).rejects.toMatchObject({
          code: 'wrong-last-sequence',
        });
      expect((await bus.streams.info(name))!.lastSeq).toBe(2);
    });

    it('compares with the last sequence of the subject alone, 0 for none', async () => {
      const { at, spec } = freshStream();
      await bus.streams.ensure(spec);
      await bus.append(`${at}.a`, bytes('1'), { expectLastSubjectSeq: 0 });
      await bus.append(`${at}.b`, bytes('2'), { expectLastSubjectSeq: 0 });
      await bus.append(`${at}.a`, bytes('3'), { expectLastSubjectSeq: 1 });
      for (const expectLastSubjectSeq of [0, 1, 2])
        await expect(bus.append(`${at}.a`, bytes('x'), { expectLastSubjectSeq })).rejects.toMatchObject({
          code: 'wrong-last-sequence',
        });
    });

    it('calls a copy with the same message id a duplicate and stores it once', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const first = await bus.append(`${at}.a`, bytes('1'), { messageId: 'id-1' });
      const second = await bus.append(`${at}.a`, bytes('1'), { messageId: 'id-1' });
      expect(second).toEqual({ ...first, duplicate: true });
      expect((await bus.streams.info(name))!.messages).toBe(1);
    });

    it('never takes an exact retry at the same expectation for a new message: it must be looked at', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const once = { expectLastSeq: 0, messageId: 'batch-1' };
      await bus.append(`${at}.a`, bytes('batch'), once);
      const retry = await bus.append(`${at}.a`, bytes('batch'), once).then(
        ({ duplicate }) => (duplicate ? 'look' : 'stored again'),
        (error) => (isWaggleError(error, 'wrong-last-sequence') ? 'look' : 'failed'),
      );
      expect(retry).toBe('look');
      expect(text((await bus.streams.get(name, { seq: 1 }))!.payload)).toBe('batch');
      expect((await bus.streams.info(name))!.lastSeq).toBe(1);
    });

    it('lets exactly one of many writers at one expectation win, round after round', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const writers = await Promise.all([lab.connect(), lab.connect(), lab.connect()]);
      for (let round = 0; round < 20; round += 1) {
        const attempts = await Promise.allSettled(
          writers.map((writer, n) =>
            writer.append(`${at}.a`, bytes(`${round}.${n}`), { expectLastSeq: round }),
          ),
        );
        const won = attempts.filter(({ status }) => status === 'fulfilled');
        const lost = attempts.filter(
          (attempt) => attempt.status === 'rejected' && isWaggleError(attempt.reason, 'wrong-last-sequence'),
        );
        expect([won.length, lost.length]).toEqual([1, 2]);
      }
      expect((await bus.streams.info(name))!.lastSeq).toBe(20);
      await Promise.all(writers.map((writer) => writer.close()));
    });

    it('keeps the order of appends that are in flight together', async () => {
      const { at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const appended = await Promise.all(
        Array.from({ length: 200 }, (_, n) => bus.append(`${at}.a`, bytes(String(n)))),
      );
      expect(appended.map(({ seq }) => seq)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    });

    it('says so when no stream takes the subject', async () => {
      await expect(bus.append('wg.nowhere.a', bytes('x'))).rejects.toMatchObject({ code: 'stream-missing' });
    });

    it.each(['hello', 'null', '7', '{}', '{"stream":"","seq":1}'])(
      'calls the end unknown when somebody else answers: %s',
      async (answer) => {
        const service = bus.subscribe('wg.elsewhere');
        const serving = take(service, 1).then(([delivery]) => delivery!.respond(bytes(answer)));
        await bus.flush();
        await expect(bus.append('wg.elsewhere', bytes('x'))).rejects.toMatchObject({ code: 'bus-timeout' });
        await serving;
      },
    );

    it('refuses what exceeds the limit before sending it, headers counted', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const limit = bus.server().maxPayloadBytes;
      const refused = { code: 'message-too-large' };
      await expect(bus.append(`${at}.a`, new Uint8Array(limit + 1))).rejects.toMatchObject(refused);
      await expect(
        bus.append(`${at}.a`, new Uint8Array(limit - 5), { headers: { a: 'b' } }),
      ).rejects.toMatchObject(refused);
      expect(() => bus.publish(`${at}.a`, new Uint8Array(limit + 1))).toThrow('exceeds the limit');
      await bus.append(`${at}.a`, new Uint8Array(limit));
      expect((await bus.streams.info(name))!.lastSeq).toBe(1);
    });

    it('works without rights on streams, and streams then refuse clearly', async () => {
      const { name, at, spec: any } = freshStream();
      const republish = { from: `${at}.mail.>`, to: `${at}.live.mail.>` };
      const spec = { ...any, subjects: [`${at}.mail.>`], republish };
      await bus.streams.ensure(spec);
      const agent = await lab.connect({ asAgent: true });
      const live = take(agent.subscribe(`${at}.live.mail.>`), 1);
      await agent.flush();
      await expect(agent.append(`${at}.mail.a`, bytes('1'))).resolves.toMatchObject({ stream: name, seq: 1 });
      expect((await live)[0]).toMatchObject({ subject: `${at}.live.mail.a` });
      const forbidden = { code: 'bus-forbidden' };
      await expect(agent.streams.info(name)).rejects.toMatchObject(forbidden);
      await expect(agent.streams.ensure(spec)).rejects.toMatchObject(forbidden);
      await expect(agent.streams.get(name, { seq: 1 })).rejects.toMatchObject(forbidden);
      await expect(agent.streams.page(name, { fromSeq: 1, limit: 1 })).rejects.toMatchObject(forbidden);
      const read = agent.streams.read(name, { fromSeq: 1 }, new AbortController().signal);
      await expect(read[Symbol.asyncIterator]().next()).rejects.toMatchObject(forbidden);
      await agent.close();
    });
  });
}
