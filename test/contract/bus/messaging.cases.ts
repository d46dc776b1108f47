import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus, BusStatus, Subscription } from '../../../shared/bus/port.ts';
import { type BusLab, bytes, freshStream, type MakeLab, take, text } from './lab.ts';

const patience = { timeout: 10_000, interval: 5 };

/** What publishing, subscribing, requests and the connection itself promise. */
export function messagingCases(makeLab: MakeLab): void {
  describe('messages', () => {
    let lab: BusLab;
    let bus: Bus;
    let other: Bus;
    beforeAll(async () => {
      lab = await makeLab();
      bus = await lab.connect();
      other = await lab.connect();
    });
    beforeEach(bothConnected);
    afterAll(async () => {
      await Promise.all([bus.close(), other.close()]);
      await lab.stop();
    });

    async function bothConnected(): Promise<void> {
      await vi.waitFor(
        () => expect([bus.isConnected(), other.isConnected()]).toEqual([true, true]),
        patience,
      );
    }

    /** Answers each request with what `answer` makes of it, until the subscription closes. */
    function serve(subscription: Subscription, answer: (request: string) => string): Promise<void> {
      return (async () => {
        for await (const delivery of subscription) delivery.respond(bytes(answer(text(delivery.payload))));
      })();
    }

    it('delivers what is published, with subject and headers, to each subscriber', async () => {
      const [first, second] = [bus.subscribe('wg.t1.*'), bus.subscribe('wg.t1.a')];
      await bus.flush();
      other.publish('wg.t1.a', bytes('hello'), { kind: 'greeting', empty: '' });
      const [[one], [two]] = await Promise.all([take(first, 1), take(second, 1)]);
      expect(one).toMatchObject({ subject: 'wg.t1.a', headers: { kind: 'greeting', empty: '' } });
      expect(one).not.toHaveProperty('replyTo');
      expect(text(two!.payload)).toBe('hello');
    });

    it('answers requests', async () => {
      const service = bus.subscribe('wg.t2.*');
      const serving = serve(service, (request) => `${request}!`);
      await bus.flush();
      const answers = await Promise.all(
        ['a', 'b', 'c'].map((word) => other.request('wg.t2.x', bytes(word), { timeoutMs: 10_000 })),
      );
      expect(answers.map(({ payload }) => text(payload))).toEqual(['a!', 'b!', 'c!']);
      service.close();
      await serving;
    });

    it('answers once at most, with headers, and takes the first of several answers', async () => {
      const services = [bus.subscribe('wg.t3'), other.subscribe('wg.t3')];
      const seen: string[] = [];
      const serving = services.map(async (service, n) => {
        for await (const delivery of service) {
          seen.push(delivery.headers['asked'] ?? '');
          delivery.respond(bytes('yes'), { by: String(n) });
          delivery.respond(bytes('no'));
        }
      });
      await Promise.all([bus.flush(), other.flush()]);
      const options = { timeoutMs: 10_000, headers: { asked: 'politely' } };
      const answer = await other.request('wg.t3', bytes('?'), options);
      expect(text(answer.payload)).toBe('yes');
      expect(['0', '1']).toContain(answer.headers['by']);
      await vi.waitFor(() => expect(seen).toEqual(['politely', 'politely']), patience);
      for (const service of services) service.close();
      await Promise.all(serving);
    });

    it('tells nobody there from nobody answering', async () => {
      await expect(bus.request('wg.t4.none', bytes('?'), { timeoutMs: 10_000 })).rejects.toMatchObject({
        code: 'no-responder',
      });
      const silent = other.subscribe('wg.t4.silent');
      await other.flush();
      await expect(bus.request('wg.t4.silent', bytes('?'), { timeoutMs: 30 })).rejects.toMatchObject({
        code: 'bus-timeout',
      });
      silent.close();
    });

    it('asks again while nobody answers, where it may', async () => {
      const service = other.subscribe('wg.t4.slow');
      const heard: string[] = [];
      const serving = (async () => {
        for await (const delivery of service) {
          heard.push(text(delivery.payload));
          if (heard.length === 3) delivery.respond(bytes('at last'));
        }
      })();
      await other.flush();
      const answer = await bus.request('wg.t4.slow', bytes('?'), { timeoutMs: 20_000, againAfterMs: 20 });
      expect(text(answer.payload)).toBe('at last');
      // It may have been asked once more before the answer was there.
      expect(heard.length).toBeGreaterThanOrEqual(3);
      expect(new Set(heard)).toEqual(new Set(['?']));
      service.close();
      await serving;
    });

    it('gives up a request with the reason of its signal', async () => {
      const silent = other.subscribe('wg.t5');
      await other.flush();
      const abort = new AbortController();
      const asked = bus.request('wg.t5', bytes('?'), { timeoutMs: 60_000, signal: abort.signal });
      const reason = new Error('enough');
      abort.abort(reason);
      await expect(asked).rejects.toBe(reason);
      await expect(
        bus.request('wg.t5', bytes('?'), { timeoutMs: 60_000, signal: abort.signal }),
      ).rejects.toBe(reason);
      silent.close();
    });

    it('shares a queue among its members, each message to one of them', async () => {
      const members = [
        bus.subscribe('wg.t6', { queue: 'q' }),
        bus.subscribe('wg.t6', { queue: 'q' }),
        other.subscribe('wg.t6', { queue: 'q' }),
      ];
      const taken = members.map(() => [] as string[]);
      const working = members.map(async (member, n) => {
        for await (const { payload } of member) taken[n]!.push(text(payload));
      });
      await Promise.all([bus.flush(), other.flush()]);
      const sent = Array.from({ length: 300 }, (_, n) => String(n));
      for (const word of sent) bus.publish('wg.t6', bytes(word));
      await vi.waitFor(() => expect(taken.flat()).toHaveLength(300), patience);
      expect(
        taken
          .flat()
          .map(Number)
          .sort((a, b) => a - b),
      ).toEqual(sent.map(Number));
      expect(taken.filter((words) => words.length > 0).length).toBeGreaterThan(1);
      for (const member of members) member.close();
      await Promise.all(working);
    });

    it('ends a subscription that is closed or left, and delivers nothing after', async () => {
      const left = bus.subscribe('wg.t7');
      const closed = bus.subscribe('wg.t7');
      await bus.flush();
      bus.publish('wg.t7', bytes('1'));
      bus.publish('wg.t7', bytes('2'));
      await bus.flush();
      expect(await take(left, 1)).toHaveLength(1);
      expect(await take(left, 1)).toEqual([]);
      closed.close();
      expect(await take(closed, 1)).toEqual([]);
      await expect(bus.request('wg.t7', bytes('?'), { timeoutMs: 10_000 })).rejects.toMatchObject({
        code: 'no-responder',
      });
    });

    it('drops the newest for a slow reader, in bounded memory, and says so once', async () => {
      const slow = await lab.connect({ maxPendingMessages: 10 });
      const heard: BusStatus[] = [];
      slow.onStatus((status) => heard.push(status));
      const subscription = slow.subscribe('wg.t8');
      await slow.flush();
      for (let n = 1; n <= 100; n += 1) bus.publish('wg.t8', bytes(String(n)));
      await bus.flush();
      await slow.flush();
      const reading = subscription[Symbol.asyncIterator]();
      const read = async () => text((await reading.next()).value!.payload);
      const first: string[] = [];
      for (let n = 0; n < 10; n += 1) first.push(await read());
      expect(first).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
      expect(heard).toEqual(['slow-consumer']);
      bus.publish('wg.t8', bytes('next'));
      expect(await read()).toBe('next');
      await slow.close();
    });

    it('refuses a subscription without the right to it', async () => {
      const agent = await lab.connect({ asAgent: true });
      await expect(take(agent.subscribe('$JS.API.>'), 1)).rejects.toMatchObject({ code: 'bus-forbidden' });
      await agent.close();
    });

    it('tells each change of the connection once, and a listener can leave', async () => {
      const heard: BusStatus[] = [];
      const left: BusStatus[] = [];
      bus.onStatus((status) => heard.push(status));
      const leave = bus.onStatus((status) => left.push(status));
      leave();
      await lab.kill();
      await vi.waitFor(() => expect(heard).toEqual(['disconnected']), patience);
      expect(bus.isConnected()).toBe(false);
      await lab.restart();
      await vi.waitFor(() => expect(heard).toEqual(['disconnected', 'connected']), patience);
      expect(bus.isConnected()).toBe(true);
      expect(left).toEqual([]);
    });

    it('never delivers what was published while disconnected, and rejects at once what wants an answer', async () => {
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const subscription = other.subscribe(`${at}.>`);
      await other.flush();
      await lab.kill();
      await vi.waitFor(
        () => expect([bus.isConnected(), other.isConnected()]).toEqual([false, false]),
        patience,
      );
      const restarted = lab.restart();
      // Also during the client's own attempts to connect, when it would keep what it is given.
      while (!bus.isConnected()) {
        bus.publish(`${at}.lost`, bytes('lost'));
        const closed = { code: 'bus-closed', details: { sent: false } };
        await Promise.all([
          expect(bus.append(`${at}.lost`, bytes('lost'))).rejects.toMatchObject(closed),
          expect(bus.request(`${at}.lost`, bytes('?'), { timeoutMs: 9_000 })).rejects.toMatchObject(closed),
          expect(bus.flush()).rejects.toMatchObject(closed),
        ]);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await restarted;
      await vi.waitFor(() => expect(other.isConnected()).toBe(true), patience);
      await other.flush();
      await bus.append(`${at}.kept`, bytes('kept'));
      const [delivery] = await take(subscription, 1);
      expect(delivery!.subject).toBe(`${at}.kept`);
      expect((await bus.streams.info(name))!.messages).toBe(1);
    });

    it('rejects what awaits an answer as soon as the connection is lost: the end is unknown', async () => {
      const silent = other.subscribe('wg.t9');
      await other.flush();
      const asked = bus.request('wg.t9', bytes('?'), { timeoutMs: 60_000 });
      const unknown = expect(asked).rejects.toMatchObject({ code: 'bus-closed', details: { sent: true } });
      await bus.flush();
      await lab.kill();
      await unknown;
      await lab.restart();
      await vi.waitFor(
        () => expect([bus.isConnected(), other.isConnected()]).toEqual([true, true]),
        patience,
      );
      silent.close();
    });

    it('serves and asks again after a reconnect, with the subscriptions it had', async () => {
      const service = other.subscribe('wg.t10', { queue: 'q' });
      const serving = serve(service, (request) => `${request}!`);
      await other.flush();
      await lab.kill();
      await vi.waitFor(
        () => expect([bus.isConnected(), other.isConnected()]).toEqual([false, false]),
        patience,
      );
      await lab.restart();
      await vi.waitFor(
        () => expect([bus.isConnected(), other.isConnected()]).toEqual([true, true]),
        patience,
      );
      await other.flush();
      const answer = await bus.request('wg.t10', bytes('again'), { timeoutMs: 10_000 });
      expect(text(answer.payload)).toBe('again!');
      service.close();
      await serving;
    });

    it('sends what is buffered when it closes, then ends subscriptions and refuses everything', async () => {
      const subscription = other.subscribe('wg.t11');
      await other.flush();
      const closing = await lab.connect();
      const heard: BusStatus[] = [];
      closing.onStatus((status) => heard.push(status));
      const own = take(closing.subscribe('wg.t11.own'), 1);
      closing.publish('wg.t11', bytes('last words'));
      await closing.close();
      expect(await own).toEqual([]);
      expect(heard).toEqual(['closed']);
      expect(text((await take(subscription, 1))[0]!.payload)).toBe('last words');
      const closed = { code: 'bus-closed' };
      await expect(closing.append('wg.t11', bytes('x'))).rejects.toMatchObject(closed);
      await expect(closing.request('wg.t11', bytes('x'), { timeoutMs: 9 })).rejects.toMatchObject(closed);
      await expect(closing.flush()).rejects.toMatchObject(closed);
      expect(() => closing.subscribe('wg.t11')).toThrow('closed');
      closing.publish('wg.t11', bytes('silently dropped'));
      await closing.close();
    });

    it('closes at once while the server is away', async () => {
      const closing = await lab.connect();
      await lab.kill();
      await vi.waitFor(() => expect(closing.isConnected()).toBe(false), patience);
      const began = performance.now();
      await closing.close(20_000);
      expect(performance.now() - began).toBeLessThan(10_000);
      await lab.restart();
      await vi.waitFor(
        () => expect([bus.isConnected(), other.isConnected()]).toEqual([true, true]),
        patience,
      );
    });
  });
}
