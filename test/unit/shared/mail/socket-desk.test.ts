import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { socketTasks } from '../../../../shared/agent/task-socket.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { silentLog } from '../../../../shared/log.ts';
import { draftOf } from '../../../../shared/mail/draft.ts';
import { sequenceOf } from '../../../../shared/mail/record.ts';
import { openSocketClient } from '../../../../shared/mail/socket-client.ts';
import { connectSocketDesk } from '../../../../shared/mail/socket-desk.ts';
import { randomId } from '../../../../shared/random.ts';
import { listenAtPath } from '../../../../shared/socket/listen.ts';
import { errorOf, refusalLine } from '../../../../shared/socket/refusal.ts';
import { oneSeat, type Seat } from '../../../../shared/socket/seats.ts';
import {
  type SocketServer,
  type SocketServerOptions,
  serveSocket,
} from '../../../../shared/socket/server.ts';
import { until } from '../../../support/asking.ts';
import { type MemoryMail, memoryMail } from '../../../support/memory-desk.ts';
import { loadedWith, readTree } from '../../../support/source-tree.ts';

let folder: string;
let path: string;
let mail: MemoryMail;
let server: SocketServer;

async function serve(more: Partial<SocketServerOptions> = {}, seat: Partial<Seat> = {}): Promise<void> {
  server = serveSocket({
    project: 'test',
    seats: oneSeat({ mail: mail.desk('w-1'), ...seat }),
    clock: systemClock,
    randomId,
    log: silentLog,
    listeners: [{ listener: await listenAtPath(path), needsProject: false }],
    ...more,
  });
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waggle-socket-'));
  path = join(folder, 's');
  mail = memoryMail();
});
afterEach(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const task = { kind: 'topic', name: 'task' } as const;

describe('a desk over a socket', () => {
  test('knows by the server whose it is', async () => {
    await serve();
    const desk = await connectSocketDesk({ path, randomId });
    expect(desk).toMatchObject({ agent: 'w-1', project: 'test' });
    await desk.close();
  });

  test('carries every part of a mail, and stores a draft that is sent again once', async () => {
    await serve();
    const desk = await connectSocketDesk({ path, project: 'test', agent: 'w-1' });
    const draft = draftOf(
      {
        to: '@bob',
        body: '{"a":1}',
        priority: 'high',
        tags: ['x'],
        replyTo: '20260209-120000-0003',
        ackWithinMs: 60_000,
        host: 'box',
      },
      randomId(),
    );
    const sent = await desk.send(draft);
    expect(await desk.send(draft)).toEqual(sent);
    expect(mail.records).toEqual([sent]);
    expect(sent).toMatchObject({ body: { a: 1 }, ack_within_ms: 60_000, host: 'box', tags: ['x'] });
    await desk.close();
  });

  test('asks for what it was asked for', async () => {
    await serve();
    const desk = await connectSocketDesk({ path, randomId });
    const records = [0, 1, 2].map((n) => mail.put('bob', 'task', `m${n}`, 1_000 * n));
    mail.put('eve', '@w-1', 'to me');
    const [first, second, third] = records;
    expect((await desk.log({ limit: 2, target: task })).records).toEqual([second, third]);
    expect((await desk.log({ limit: 0, target: task, since: { at: 1_000 } })).records).toEqual([
      second,
      third,
    ]);
    expect((await desk.log({ limit: 0, target: task, since: { seq: 3 } })).records).toEqual([third]);
    expect((await desk.log({ limit: 0, everything: true, from: 'eve' })).records).toHaveLength(1);
    expect(await desk.inbox({ limit: 0, unreadOnly: true })).toMatchObject([{ state: 'unread' }]);
    expect(await desk.search({ text: 'm1', limit: 5 })).toEqual([second]);
    expect(await desk.read(1)).toEqual(first);
    expect(await desk.ack(1)).toEqual(first);
    expect(await desk.trace(2)).toEqual({ record: second, receipts: [] });
    expect(await desk.thread(2)).toEqual([second]);
    expect(await desk.redeliver(3, 'bob')).toEqual(third);
    expect(await desk.deadLetters()).toEqual([]);
    expect(await desk.topics()).toEqual([]);
    expect(await desk.status()).toBeUndefined();
    await desk.setStatus('at work');
    expect(await desk.status()).toBe('at work');
    await desk.setStatus(undefined);
    expect(await desk.status()).toBeUndefined();
    expect(await desk.register('w-1')).toMatchObject({ name: 'w-1' });
    expect(await desk.who()).toMatchObject([{ name: 'w-1' }]);
    await desk.close();
  });

  test('tells what an answer says besides, the same thing once', async () => {
    let notice: string | undefined = 'one waits';
    await serve({}, { notice: () => notice });
    const told: string[] = [];
    const desk = await connectSocketDesk({
      path,
      project: 'test',
      agent: 'w-1',
      onNotice: (line) => told.push(line),
    });
    await desk.topics();
    await desk.topics();
    notice = 'two wait';
    await desk.topics();
    notice = undefined;
    await desk.topics();
    expect(told).toEqual(['one waits', 'two wait']);
    await desk.close();
  });

  test('fails with the code, the message and the exit code of where it failed', async () => {
    await serve();
    const desk = await connectSocketDesk({ path, randomId });
    await expect(desk.read(7)).rejects.toMatchObject({
      code: 'mail-unknown',
      message: 'there is no message 7',
      exitCode: 1,
    });
    await mail.desk('bob').register('w-1');
    await expect(desk.register('w-1')).rejects.toMatchObject({
      code: 'name-taken',
      message: 'agent name already registered: w-1',
      details: { name: 'w-1' },
    });
    await expect(desk.register('w-2')).rejects.toMatchObject({ code: 'mail-invalid' });
    const other = await connectSocketDesk({ path, project: 'other', agent: 'w-1' });
    await expect(other.who()).rejects.toMatchObject({ code: 'project-mismatch' });
    const forger = await connectSocketDesk({ path, project: 'test', agent: 'bob' });
    await expect(forger.who()).rejects.toMatchObject({ code: 'mail-invalid' });
    for (const one of [desk, other, forger]) await one.close();
  });

  test('says that the socket is gone, before and while it asks', async () => {
    await expect(connectSocketDesk({ path, randomId })).rejects.toMatchObject({
      code: 'socket-closed',
      message: `the socket at ${path} does not answer (ENOENT); is its worker still running?`,
    });
    const peers: Socket[] = [];
    const silent = createServer((peer) => peers.push(peer)).listen(path);
    const desk = await connectSocketDesk({ path, project: 'test', agent: 'w-1' });
    const [answer, next] = [desk.who(), desk.topics()];
    answer.catch(() => undefined);
    next.catch(() => undefined);
    await until('it is connected', () => peers.length === 1);
    peers[0]?.destroy();
    await expect(answer).rejects.toMatchObject({ code: 'socket-closed', retryable: true });
    await expect(next).rejects.toMatchObject({ code: 'socket-closed' });
    await expect(desk.who()).rejects.toMatchObject({ code: 'socket-closed' });
    await new Promise((resolve) => silent.close(resolve));
  });

  test('gives up what is not wanted any more, and goes on', async () => {
    await serve();
    const desk = await connectSocketDesk({ path, randomId });
    const end = new AbortController();
    const given = desk.who(end.signal);
    end.abort('enough');
    await expect(given).rejects.toBe('enough');
    expect(await desk.topics()).toEqual([]);
    await desk.close();
  });
});

describe('a watch over a socket', () => {
  const listen = async (signal: AbortSignal, count: number, pauseMs = 0, heard: number[] = []) => {
    const desk = await connectSocketDesk({ path, randomId });
    for await (const { record } of desk.watch({ target: task, after: 0 }, signal)) {
      heard.push(sequenceOf(record));
      if (heard.length === count) break;
      if (pauseMs > 0 && heard.length === 1) await systemClock.sleep(pauseMs);
    }
    await desk.close();
    return heard;
  };

  test('ends when it is over: by its signal, or by whoever listens', async () => {
    await serve();
    mail.put('bob', 'task', 'one');
    const end = new AbortController();
    const heard: number[] = [];
    const hearing = listen(end.signal, 10, 0, heard);
    // What was handed over is on its way a moment longer.
    await until('it has heard', () => heard.length === 1);
    end.abort();
    expect(await hearing).toEqual([1]);
    expect(await listen(new AbortController().signal, 1)).toEqual([1]);
    await until('nobody watches', () => mail.watches() === 0);
  });

  test('goes on where it was when it was too slow', async () => {
    await serve({ stallMs: 30 });
    const body = 'x'.repeat(20_000);
    for (let n = 0; n < 400; n += 1) mail.put('bob', 'task', body);
    const heard = await listen(new AbortController().signal, 400, 300);
    expect(heard).toEqual(Array.from({ length: 400 }, (_, n) => n + 1));
    expect(mail.handed()).toBeGreaterThanOrEqual(400);
  });

  test('ends with an error when the socket is gone', async () => {
    await serve();
    mail.put('bob', 'task', 'one');
    const hearing = listen(new AbortController().signal, 10);
    hearing.catch(() => undefined);
    await until('it watches', () => mail.handed() === 1);
    await server.close();
    await expect(hearing).rejects.toMatchObject({ code: 'socket-closed' });
  });
});

describe('tasks over a socket', () => {
  test('each word is one call, and a refusal keeps its reason', async () => {
    const said: unknown[] = [];
    const current = { task: 't', title: 'T', fence: 1, run: 'r', attempt: 1, expects: 'none' } as const;
    const note = (...words: unknown[]) => {
      said.push(words);
      return Promise.resolve();
    };
    await serve(
      {},
      {
        tasks: {
          current: async () => ({ ...current, paths: [], labels: [], gates: [] }),
          progress: (text) => note('progress', text),
          done: (text) => note('done', text),
          block: (reason) => note('block', reason),
          async add(draft) {
            await note('add', draft);
            return { id: 't-2', state: 'open' };
          },
          next: () => Promise.reject(new WaggleError('refused', { message: 'one only', reason: 'one-task' })),
        },
      },
    );
    const tasks = socketTasks(await openSocketClient({ path }));
    expect(await tasks.current()).toMatchObject(current);
    await tasks.progress('half');
    await tasks.done();
    await tasks.done('whole');
    await tasks.block('stuck');
    expect(await tasks.add({ title: 'More', labels: ['x'] })).toEqual({ id: 't-2', state: 'open' });
    await expect(tasks.next()).rejects.toMatchObject({
      code: 'refused',
      message: 'one only',
      details: { reason: 'one-task' },
    });
    expect(said).toEqual([
      ['progress', 'half'],
      ['done', undefined],
      ['done', 'whole'],
      ['block', 'stuck'],
      ['add', { title: 'More', labels: ['x'] }],
    ]);
    tasks.close();
  });
});

describe('an error as a line', () => {
  test.each([
    new WaggleError('usage', { message: 'message body is required' }),
    new WaggleError('bus-timeout', { what: 'wg.(x).read', timeoutMs: 5_000 }),
    new WaggleError('name-taken', { name: 'a: b' }),
    new WaggleError('bus-closed'),
  ])('comes back as it was: $message', (error) => {
    const { code, message, exitCode, retryable } = error;
    expect(errorOf(refusalLine(error, 'r'))).toMatchObject({ code, message, exitCode, retryable });
  });

  test('of a server that knows only the codes of the seed has one of ours', () => {
    const line = { ok: false, error: { code: 'invalid_topic', message: 'no', retryable: false } } as const;
    expect(errorOf(line)).toMatchObject({ code: 'mail-invalid', message: 'no' });
  });

  test('that is none of ours tells its message alone', () => {
    expect(refusalLine(new TypeError('oops'), undefined)).toEqual({
      ok: false,
      error: { code: 'internal', message: 'oops', retryable: false },
    });
  });
});

test('a command that goes over the socket loads neither the bus nor the checks of its messages', () => {
  const root = fileURLToPath(new URL('../../../..', import.meta.url));
  const tree = readTree(root, ['shared', 'schemas']);
  for (const file of ['shared/mail/socket-desk.ts', 'shared/agent/task-socket.ts']) {
    const loaded = loadedWith(tree, file);
    const sources = loaded.map(({ path: source }) => source);
    expect(sources).toContain('shared/socket/line-reader.ts');
    expect(
      sources.filter((one) => /schemas\/(index|generated)|shared\/bus\/|shared\/config\//.test(one)),
    ).toEqual([]);
    const packages = loaded.flatMap(({ module }) =>
      module.imports.filter(({ isType, specifier }) => !isType && !/^[.]|^node:/.test(specifier ?? '')),
    );
    expect(packages).toEqual([]);
  }
});
