/**
 * `waggle mcp` as a harness starts it: a process of its own, spoken to by the protocol's own client, over the bus and
 * over the socket of a run, against a real hive.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { createBusDesk } from '../../shared/mail/bus-desk.ts';
import type { MailDesk } from '../../shared/mail/desk.ts';
import { mailSequence } from '../../shared/mail/message-id.ts';
import { randomId } from '../../shared/random.ts';
import { listenAtPath } from '../../shared/socket/listen.ts';
import { oneSeat } from '../../shared/socket/seats.ts';
import { type SocketServer, serveSocket } from '../../shared/socket/server.ts';
import { add, plain } from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { allEnded, startSwarm, untilTasks } from '../support/swarm.ts';
import { fakeTasks, task } from '../unit/services/cli/mcp/doubles.ts';

const HARNESS = fileURLToPath(new URL('../support/fake-harness-mcp.mjs', import.meta.url));
const SCRIPT = fileURLToPath(new URL('../../dist/services/cli/waggle.js', import.meta.url));

let hive: TestHive;
let folder: string;
const ending: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  hive = await startHive();
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mcp-')));
});
afterAll(async () => {
  await hive.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

const environment = (more: Readonly<Record<string, string>>): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: folder,
  ...more,
});
function busPlace(): Record<string, string> {
  const { user, password } = hive.server.workerSwarm;
  return {
    WAGGLE_NATS_URL: `nats://${user}:${password}@127.0.0.1:${hive.server.port}`,
    WAGGLE_PROJECT: project,
  };
}

async function deskOf(agent: string): Promise<MailDesk> {
  const swarm = await hive.connect(agent);
  const desk = createBusDesk({
    swarm,
    project,
    agent,
    clock: systemClock,
    randomId,
    identity: `test:${agent}`,
    host: 'here',
  });
  ending.push(() => desk.close());
  return desk;
}

/** As a worker does for its run. */
async function serve(
  path: string,
  mail: MailDesk,
  tasks: ReturnType<typeof fakeTasks>,
): Promise<SocketServer> {
  const server = serveSocket({
    project,
    seats: oneSeat({ mail, tasks: tasks.desk }),
    clock: systemClock,
    randomId,
    log: silentLog,
    listeners: [{ listener: await listenAtPath(path), needsProject: false }],
  });
  ending.push(() => server.close());
  return server;
}

async function start(variables: Readonly<Record<string, string>>) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [SCRIPT, 'mcp'],
    env: environment(variables),
    cwd: folder,
    stderr: 'pipe',
  });
  const client = new Client({ name: 'test', version: '1' });
  const faults: Error[] = [];
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // Whatever stands on standard output and is not the protocol is told here.
  client.onerror = (error) => faults.push(error);
  await client.connect(transport);
  ending.push(() => client.close());
  const { tools } = await client.listTools();
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const result = await client.callTool({ name, arguments: args });
    const texts = (result.content as { text: string }[]).map(({ text }) => text);
    // biome-ignore lint/suspicious/noExplicitAny: tests say with their expectations what they expect to be there
    return { texts, data: result.structuredContent as any, isError: result.isError === true };
  };
  return { client, names: tools.map(({ name }) => name), call, faults, stderr: () => stderr };
}

const seq = (id: string): number => mailSequence(id) ?? 0;

/** `delivered` is told on the side: before the others, after them, or not at all when they were first. */
async function told(desk: MailDesk, id: string): Promise<string[]> {
  const { receipts } = await desk.trace(seq(id));
  return receipts.filter(({ state }) => state !== 'delivered').map(({ by, state }) => `${by} ${state}`);
}

test('over the bus, mail goes from one agent to the other, is read and acknowledged, and the sender sees it', async () => {
  const [alice, bob] = await Promise.all(
    ['alice', 'bob'].map((name) => start({ ...busPlace(), FMAIL_AGENT: name })),
  );
  expect(alice!.names).toEqual(['mail_send', 'mail_inbox', 'mail_ack', 'who']);
  const sent = await alice!.call('mail_send', {
    to: '@bob',
    body: '{"n":1}',
    ack_within_ms: 600_000,
    tags: ['q'],
  });
  expect(sent.data).toMatchObject({ to: '@bob', id: expect.stringMatching(/^\d{8}-\d{6}-\d{4}$/) });
  const { id } = sent.data;
  const inbox = await bob!.call('mail_inbox');
  expect(inbox.data).toEqual({
    mails: [
      expect.objectContaining({
        id,
        from: 'alice',
        to: '@bob',
        body: { n: 1 },
        tags: ['q'],
        state: 'unread',
      }),
    ],
    may_be_more: false,
  });
  expect((await bob!.call('mail_inbox')).data.mails).toEqual([]);
  expect((await bob!.call('mail_ack', { id })).data).toEqual({ id, state: 'acknowledged' });
  const desk = await deskOf('alice');
  await vi.waitFor(
    async () => expect(await told(desk, id)).toEqual(['bob read', 'bob acknowledged']),
    30_000,
  );
  const { agents } = (await alice!.call('who')).data;
  expect(agents.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['alice', 'bob']));
  const refused = await bob!.call('task_done');
  expect([refused.isError, refused.texts[0]]).toEqual([
    true,
    expect.stringContaining('there is no run here'),
  ]);
  expect([alice!.faults, bob!.faults, alice!.stderr(), bob!.stderr()]).toEqual([[], [], '', '']);
});

describe('in a run', () => {
  let tasks: ReturnType<typeof fakeTasks>;
  let mail: MailDesk;
  let path: string;

  /** A tool server of the run of `agent`. */
  async function startRun(agent: string) {
    tasks = fakeTasks([task]);
    mail = await deskOf(agent);
    path = join(folder, `${agent}.sock`);
    const server = await serve(path, mail, tasks);
    return { server, mcp: await start({ WAGGLE_SOCKET: path, WAGGLE_PROJECT: project, FMAIL_AGENT: agent }) };
  }

  test('the tools speak for the run, over its socket alone', async () => {
    const { mcp } = await startRun('runner');
    expect(mcp.names).toHaveLength(10);
    expect((await mcp.call('task_current')).data).toEqual({ task });
    await mcp.call('task_progress', { text: 'half way' });
    expect((await mcp.call('task_add', { title: 'More', paths: ['src'] })).data).toEqual({ id: 'new-1' });
    expect((await mcp.call('task_next')).data).toEqual({ task });
    expect((await mcp.call('task_next')).data).toEqual({});
    await mcp.call('task_block', { reason: 'no key' });
    await mcp.call('task_done', { note: 'all' });
    expect(tasks.said.filter(([verb]) => verb !== 'close')).toEqual([
      ['progress', 'half way'],
      ['add', { title: 'More', paths: ['src'] }],
      ['block', 'no key'],
      ['done', 'all'],
    ]);
    const { data } = await mcp.call('mail_send', { to: 'task', body: 'hello' });
    const { records } = await mail.log({ target: { kind: 'topic', name: 'task' }, limit: 1 });
    expect(records).toEqual([expect.objectContaining({ id: data.id, from: 'runner', body: 'hello' })]);
    expect([mcp.faults, mcp.stderr()]).toEqual([[], '']);
  });

  test('urgent mail is told with the next answer, until it was read', async () => {
    const { mcp } = await startRun('worker-2');
    const boss = await deskOf('boss');
    const write = (body: string, priority: 'high' | 'normal') =>
      boss.send({ id: randomId(), to: { kind: 'agent', name: 'worker-2' }, body, priority });
    await write('stop that', 'high');
    await mcp.call('task_current');
    const lineOf = async () => (await mcp.call('task_current')).texts[1];
    await vi.waitFor(async () => expect(await lineOf()).toBe('1 urgent mail waits: mail_inbox'), 30_000);
    await write('by the way', 'normal');
    await write('really', 'high');
    await vi.waitFor(async () => expect(await lineOf()).toBe('2 urgent mails wait: mail_inbox'), 30_000);
    const { data, texts } = await mcp.call('mail_inbox');
    expect(data.mails.map(({ body }: { body: string }) => body).sort()).toEqual([
      'by the way',
      'really',
      'stop that',
    ]);
    expect(texts).toHaveLength(1);
    expect(await lineOf()).toBeUndefined();
  });

  test('a socket that went away is a tool error, and one that is back is used again', async () => {
    const { mcp, server } = await startRun('worker-3');
    await mcp.call('who');
    await server.close();
    for (const name of ['who', 'task_current']) {
      const failed = await mcp.call(name);
      expect([failed.isError, failed.texts[0]]).toEqual([
        true,
        expect.stringContaining(`the socket at ${path}`),
      ]);
    }
    await serve(path, mail, tasks);
    expect((await mcp.call('who')).isError).toBe(false);
    expect((await mcp.call('task_current')).data).toEqual({ task });
  });
});

test('a harness of a real worker finds its task and its mail there, and says how it went', async () => {
  const operator = await hive.client('operator');
  const boss = await deskOf('boss');
  const to = { kind: 'agent', name: 'smith' } as const;
  const { id } = await boss.send({ id: randomId(), to, body: 'mind the gap', priority: 'high' });
  const swarm = await startSwarm(hive);
  ending.push(() => swarm.stop());
  await swarm.worker('smith', { command: [process.execPath, HARNESS, SCRIPT, '{prompt_file}'] });
  await add(operator, plain('job', { title: 'Do the job', body: 'Carefully.' }));
  const [view] = await untilTasks(operator, allEnded);
  expect(view?.task).toMatchObject({ id: 'job', state: 'closed', closing: { note: 'all well' } });
  const { records } = await boss.log({ target: { kind: 'topic', name: 'harness' }, limit: 0 });
  expect(records).toEqual([expect.objectContaining({ from: 'smith' })]);
  expect(records[0]?.body).toEqual({
    tools: 10,
    instructions: expect.stringContaining('`smith`'),
    prompt: expect.stringMatching(/^Carefully\.\n\n## Mail for you\n\n[\s\S]*\n> mind the gap\n$/),
    current: {
      task: expect.objectContaining({ task: 'job', title: 'Do the job', expects: 'none', gates: [] }),
    },
    inbox: { mails: [expect.objectContaining({ id, from: 'boss', priority: 'high' })], may_be_more: false },
    progress: 'Noted.',
    added: { error: 'task_add: requires_nothing: expected no such key, got one' },
    more: { error: expect.stringMatching(/^task_add: .*nobody/) },
    next: { error: expect.stringMatching(/^task_next: this run is for one task/) },
    done: expect.stringContaining('End your turn'),
  });
  await vi.waitFor(async () => expect(await told(boss, id)).toEqual(['smith read']), 30_000);
});

describe('the process', () => {
  const hello = [
    {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } },
    },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
  ];
  const run = (lines: readonly (object | string)[], variables: Record<string, string> = {}) =>
    execa(process.execPath, [SCRIPT, 'mcp'], {
      cwd: folder,
      env: environment(variables),
      extendEnv: false,
      reject: false,
      input: lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
    });

  test('answers what was asked before its input ended, and ends well', async () => {
    const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'who', arguments: {} } };
    const { exitCode, stdout, stderr } = await run([...hello, call], { ...busPlace(), FMAIL_AGENT: 'dave' });
    const answers = stdout.split('\n').map((line) => JSON.parse(line));
    expect(answers.map(({ id }) => id)).toEqual([1, 2]);
    expect(answers[1].result.structuredContent.agents).toEqual(expect.any(Array));
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  test('lives on after lines that are no messages, and says so on standard error alone', async () => {
    const ping = { jsonrpc: '2.0', id: 3, method: 'ping' };
    const { exitCode, stdout, stderr } = await run([...hello, '{broken', '{"a":1}', ping]);
    expect(stdout.split('\n').map((line) => JSON.parse(line).id)).toEqual([1, 3]);
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).msg),
    ).toEqual(['the client sent what cannot be read', 'the client sent what cannot be read']);
    expect(exitCode).toBe(0);
  });

  test('lists its tools and tells what is missing where there is no bus', async () => {
    const mcp = await start({ FMAIL_AGENT: 'erin' });
    const { isError, texts } = await mcp.call('mail_send', { to: 'task', body: 'x' });
    expect([isError, texts[0]]).toEqual([
      true,
      expect.stringMatching(/^mail_send: no bus is known: set WAGGLE_NATS_URL/),
    ]);
  });
});
