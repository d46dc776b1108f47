import { cp, rename, rm } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { type BusOptions, connectBus } from '../../../shared/bus/nats/connect.ts';
import { parseLocation } from '../../../shared/bus/nats/location.ts';
import type { Bus, BusStatus, StreamSpec } from '../../../shared/bus/port.ts';
import { systemClock } from '../../../shared/clock.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import { type Log, silentLog } from '../../../shared/log.ts';
import { randomId } from '../../../shared/random.ts';
import { freePort } from '../../support/free-port.ts';
import { startNatsServer, type TestNatsServer } from '../../support/nats-server.ts';
import { busContract } from './cases.ts';
import { type BusLab, bytes, freshStream, take } from './lab.ts';

const patience = { timeout: 10_000, interval: 5 };

function settings(more: Partial<BusOptions> & Pick<BusOptions, 'urls'>): BusOptions {
  return {
    account: 'swarm',
    name: 'contract',
    inboxPrefix: `_INBOX.${randomId(8)}`,
    log: silentLog,
    clock: systemClock,
    reconnectWaitMs: 20,
    ...more,
  };
}

function connectAs(login: { url: string; user: string; password: string }, more: Partial<BusOptions> = {}) {
  const { url, user, password } = login;
  return connectBus(settings({ urls: [url], user, password, ...more }));
}

async function natsLab(): Promise<BusLab> {
  const server = await startNatsServer();
  return {
    connect: ({ asAgent = false, ...more } = {}) =>
      connectAs(asAgent ? server.workerSwarm : server.swarm, more),
    kill: () => server.kill(),
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

busContract('NATS', natsLab);

async function withServer(run: (server: TestNatsServer) => Promise<void>): Promise<void> {
  const server = await startNatsServer();
  try {
    await run(server);
  } finally {
    await server.stop();
  }
}

function isOld({ version }: TestNatsServer): boolean {
  return version.major === 2 && version.minor < 10;
}

describe('the location of a NATS server', () => {
  it('comes with or without scheme, port and credentials, and login options win', () => {
    expect(parseLocation(['localhost', 'nats://[::1]:4333'], {})).toEqual({
      servers: ['localhost:4222', '[::1]:4333'],
      credentials: {},
      isTls: false,
    });
    const withPassword = ['nats://me:p%40ss@a:1', 'tls://b:2'];
    expect(parseLocation(withPassword, {})).toEqual({
      servers: ['a:1', 'b:2'],
      credentials: { user: 'me', pass: 'p@ss' },
      isTls: true,
    });
    expect(parseLocation(withPassword, { user: 'you', password: 'x' }).credentials).toEqual({
      user: 'you',
      pass: 'x',
    });
    expect(parseLocation(['nats://token@a:1'], {}).credentials).toEqual({ token: 'token' });
  });

  it('must be given, and be a URL', () => {
    expect(() => parseLocation([], {})).toThrow('no URL');
    expect(() => parseLocation(['nats://me:secret@:bad:'], {})).toThrow(/nats:\/\/host:port$/);
  });
});

describe('connecting to NATS', () => {
  it('fails clearly when nobody answers, without a password in the message', async () => {
    const port = await freePort();
    const failed = connectBus(settings({ urls: [`nats://me:secret@127.0.0.1:${port}`] }));
    await expect(failed).rejects.toMatchObject({ code: 'bus-unreachable' });
    await expect(failed).rejects.toThrow(`127.0.0.1:${port}`);
    await expect(failed).rejects.not.toThrow('secret');
  });

  it('fails clearly when credentials are wrong, and takes them from the URL', () =>
    withServer(async ({ core, port }) => {
      const url = (password: string) => `nats://${core.user}:${password}@127.0.0.1:${port}`;
      await expect(connectBus(settings({ urls: [url('wrong')] }))).rejects.toMatchObject({
        code: 'bus-unreachable',
        message: expect.stringMatching(/authorization/i),
      });
      const bus = await connectBus(settings({ account: 'core', urls: [url(core.password)] }));
      expect(bus.account).toBe('core');
      expect(bus.server().version).toMatch(/^2\.\d+\.\d+/);
      expect(bus.server()).toMatchObject({ url: `127.0.0.1:${port}`, maxPayloadBytes: 1_048_576 });
      await bus.close();
    }));

  it('waits for a server when told to, until the signal aborts', () =>
    withServer(async (server) => {
      await server.kill();
      const waiting = connectAs(server.swarm, { waitForServer: true });
      await server.restart();
      const bus = await waiting;
      expect(bus.isConnected()).toBe(true);
      await bus.close();
      const abort = new AbortController();
      const urls = [`nats://127.0.0.1:${await freePort()}`];
      const never = connectBus(settings({ urls, waitForServer: true, signal: abort.signal }));
      abort.abort();
      await expect(never).rejects.toThrow(/abort/i);
    }));

  it('notices a server that is silent, and closes within its time', () =>
    withServer(async (server) => {
      const bus = await connectAs(server.swarm, { pingIntervalMs: 500, connectTimeoutMs: 20_000 });
      const heard: BusStatus[] = [];
      bus.onStatus((status) => heard.push(status));
      bus.subscribe('wg.silent');
      await bus.flush();
      process.kill(server.pid, 'SIGSTOP');
      const unanswered = bus.append('wg.silent', bytes('x'), { timeoutMs: 60_000 });
      await expect(unanswered).rejects.toMatchObject({ code: 'bus-closed', details: { sent: true } });
      expect(heard).toEqual(['disconnected']);
      const began = performance.now();
      await bus.close(300);
      expect(performance.now() - began).toBeLessThan(5_000);
      expect(heard).toEqual(['disconnected', 'closed']);
      process.kill(server.pid, 'SIGCONT');
    }));

  it('says so where the account has no JetStream', ({ skip }) =>
    withServer(async (server) => {
      skip(isOld(server), 'a 2.9 server stays silent');
      const bus = await connectAs(server.sys);
      const refused = { code: 'bus-refused', details: { status: 503 } };
      await expect(bus.streams.info('ANY')).rejects.toMatchObject(refused);
      await bus.close();
    }));

  it('changes what a standing stream publishes again, or says that an old server cannot', () =>
    withServer(async (server) => {
      const bus = await connectAs(server.swarm);
      const { at, spec } = freshStream();
      const changed = async (to: StreamSpec) => {
        if (isOld(server))
          return await expect(bus.streams.ensure(to)).rejects.toMatchObject({ code: 'bus-refused' });
        expect(await bus.streams.ensure(to)).toBe('updated');
        expect(await bus.streams.ensure(to)).toBe('unchanged');
      };
      await bus.streams.ensure(spec);
      const republishing = { ...spec, republish: { from: `${at}.>`, to: `wg.live.${at}.>` } };
      await changed(republishing);
      if (!isOld(server)) await changed(spec);
      await bus.close();
    }));

  it('expects from where a purge has moved the end, an old server only after a restart', () =>
    withServer(async (server) => {
      const bus = await connectAs(server.swarm);
      const { name, at, spec } = freshStream();
      const put = (expectLastSeq: number) => bus.append(`${at}.a`, bytes('x'), { expectLastSeq });
      await bus.streams.ensure(spec);
      await bus.streams.purge(name, { before: 500 });
      if (isOld(server)) {
        await expect(put(499)).rejects.toMatchObject({ code: 'wrong-last-sequence' });
        await bus.append(`${at}.a`, bytes('without'));
        await expect(put(500)).rejects.toMatchObject({ code: 'wrong-last-sequence' });
        await server.restart();
        await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
      } else {
        await expect(put(0)).rejects.toMatchObject({ code: 'wrong-last-sequence' });
        expect(await put(499)).toMatchObject({ seq: 500 });
      }
      expect(await put(500)).toMatchObject({ seq: 501 });
      await bus.close();
    }));

  it('counts what stands behind a page, an old server roughly', () =>
    withServer(async (server) => {
      const bus = await connectAs(server.swarm);
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      for (let n = 0; n < 120; n += 1)
        await bus.append(`${at}.${Math.floor(n / 10) + (n % 3)}.x`, bytes('x'));
      for (let fromSeq = 1; fromSeq <= 120; fromSeq += 7) {
        const { pending } = await bus.streams.page(name, { fromSeq, subject: `${at}.*.x`, limit: 0 });
        const standing = 121 - fromSeq;
        if (!isOld(server)) expect(pending).toBe(standing);
        expect(pending).toBeGreaterThan(0);
      }
      await bus.close();
    }));

  it('never asks for a message of a stream that another is just creating: an old server dies of it', () =>
    withServer(async (server) => {
      const buses = await Promise.all(Array.from({ length: 4 }, () => connectAs(server.swarm)));
      const [maker, witness, ...askers] = buses;
      const looks: Promise<void>[] = [];
      for (let round = 0; round < 40; round += 1) {
        const { name, at, spec } = freshStream();
        const asked = askers.map(async ({ streams }) => {
          for (let found: unknown = 'missing'; found === 'missing'; )
            found = await streams.get(name, { lastBySubject: `${at}.a` }).catch((error: unknown) => {
              if (isWaggleError(error, 'stream-missing')) return 'missing';
              throw error;
            });
          expect(await streams.remove(name, 1)).toBe(false);
        });
        asked.push(
          (async () => {
            let told = await witness!.streams.info(name);
            while (told === undefined) told = await witness!.streams.info(name);
            expect(Date.parse(told.created)).toBeGreaterThan(systemClock.now() - 60_000);
          })(),
        );
        looks.push(...asked);
        await maker!.streams.ensure(spec);
      }
      await Promise.all(looks);
      await Promise.all(buses.map((bus) => bus.close()));
    }));

  it('leaves nothing of its readers on the server', () =>
    withServer(async (server) => {
      const bus = await connectAs(server.swarm);
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      await bus.append(`${at}.a`, bytes('x'));
      const stop = new AbortController();
      await take(bus.streams.read(name, { fromSeq: 1 }, stop.signal), 1);
      await bus.streams.page(name, { fromSeq: 1, limit: 10 });
      await vi.waitFor(async () => expect((await consumers(bus, name)).total).toBe(0), patience);
      await bus.close();
    }));

  it('reads on when somebody removes its cursor, also an idle one', () =>
    withServer(async (server) => {
      const bus = await connectAs(server.swarm);
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      await bus.append(`${at}.a`, bytes('1'));
      const stop = new AbortController();
      const seqs: number[] = [];
      const reading = (async () => {
        for await (const { seq } of bus.streams.read(name, { fromSeq: 1 }, stop.signal)) seqs.push(seq);
      })();
      await vi.waitFor(() => expect(seqs).toEqual([1]), patience);
      for (const cursor of (await consumers(bus, name)).names)
        await bus.request(`$JS.API.CONSUMER.DELETE.${name}.${cursor}`, bytes(''), { timeoutMs: 2_000 });
      await bus.append(`${at}.a`, bytes('2'));
      await vi.waitFor(() => expect(seqs).toEqual([1, 2]), patience);
      stop.abort();
      await reading;
      await bus.close();
    }));

  it('reads and pages messages that are larger than what it asks for at once', async () => {
    const mib = 1024 * 1024;
    const server = await startNatsServer({ maxPayloadBytes: 16 * mib });
    const bus = await connectAs(server.swarm);
    const { name, at, spec } = freshStream();
    await bus.streams.ensure(spec);
    for (const size of [1, 9 * mib, 9 * mib, 1]) await bus.append(`${at}.a`, new Uint8Array(size));
    const { messages, scannedTo } = await bus.streams.page(name, { fromSeq: 1, limit: 10 });
    const read = await take(bus.streams.read(name, { fromSeq: 1 }, new AbortController().signal), 4);
    for (const stored of [messages, read])
      expect(stored.map(({ payload }) => payload.length)).toEqual([1, 9 * mib, 9 * mib, 1]);
    expect(scannedTo).toBe(4);
    await bus.close();
    await server.stop();
  });

  it('reads on in no stream that was made anew under the same name', () =>
    withServer(async (server) => {
      const bus = await connectAs(server.swarm);
      const { name, at, spec } = freshStream();
      const fill = async (count: number) => {
        for (let n = 0; n < count; n += 1) await bus.append(`${at}.a`, bytes(String(n)));
      };
      await bus.streams.ensure(spec);
      await fill(2);
      const reading = bus.streams.read(name, { fromSeq: 1 }, new AbortController().signal);
      const read = reading[Symbol.asyncIterator]();
      expect([(await read.next()).value?.seq, (await read.next()).value?.seq]).toEqual([1, 2]);
      await bus.request(`$JS.API.STREAM.DELETE.${name}`, bytes(''), { timeoutMs: 2_000 });
      await bus.streams.ensure(spec);
      await fill(4);
      await expect(read.next()).rejects.toMatchObject({ code: 'stream-changed' });
      await bus.close();
    }));

  it('reads on in no stream whose end was lost', () =>
    withServer(async (server) => {
      const bus = await connectAs(server.swarm);
      const { name, at, spec } = freshStream();
      await bus.streams.ensure(spec);
      const fill = async (count: number) => {
        for (let n = 0; n < count; n += 1) await bus.append(`${at}.a`, bytes(String(n)));
      };
      await fill(2);
      await server.kill();
      const older = `${server.storeDir}.older`;
      await cp(server.storeDir, older, { recursive: true });
      await server.restart();
      await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
      await fill(3);
      const seqs: number[] = [];
      const reading = (async () => {
        const signal = new AbortController().signal;
        for await (const { seq } of bus.streams.read(name, { fromSeq: 1 }, signal)) seqs.push(seq);
      })();
      const cut = expect(reading).rejects.toMatchObject({
        code: 'stream-changed',
        details: { how: 'it ends at 2, and 5 was read' },
      });
      await vi.waitFor(() => expect(seqs).toEqual([1, 2, 3, 4, 5]), patience);
      await server.kill();
      await rm(server.storeDir, { recursive: true });
      await rename(older, server.storeDir);
      await server.restart();
      await cut;
      await bus.close();
    }));

  it('logs what a listener throws, and tells the others', () =>
    withServer(async (server) => {
      const logged: string[] = [];
      const log: Log = { ...silentLog, error: (_, message) => void logged.push(message) };
      const bus = await connectAs(server.swarm, { log });
      const heard: BusStatus[] = [];
      bus.onStatus(() => {
        throw new Error('listener broke');
      });
      bus.onStatus((status) => heard.push(status));
      await bus.close();
      expect(heard).toEqual(['closed']);
      expect(logged.join()).toContain('listener broke');
    }));
});

async function consumers(bus: Bus, stream: string): Promise<{ total: number; names: string[] }> {
  const answer = await bus.request(`$JS.API.CONSUMER.NAMES.${stream}`, bytes('{}'), { timeoutMs: 2_000 });
  const { total, consumers: names } = JSON.parse(Buffer.from(answer.payload).toString());
  return { total, names: names ?? [] };
}
