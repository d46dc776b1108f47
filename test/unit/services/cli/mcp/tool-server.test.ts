import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { afterEach, describe, expect, test } from 'vitest';
import { Desks } from '../../../../../services/cli/mcp/desks.ts';
import { createToolCalls } from '../../../../../services/cli/mcp/tool-calls.ts';
import { createToolServer, type ToolServerOptions } from '../../../../../services/cli/mcp/tool-server.ts';
import { WaggleError } from '../../../../../shared/errors.ts';
import { silentLog } from '../../../../../shared/log.ts';
import { type FakeMail, fakeMail, fakeTasks, mail, task } from './doubles.ts';

interface Answered {
  readonly text: string;
  readonly texts: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: tests say with their expectations what they expect to be there
  readonly data: any;
  readonly isError: boolean;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A client of the protocol that is connected to the tools of a run, or of somebody outside of one. */
async function connect(
  options: { mail?: FakeMail; tasks?: ReturnType<typeof fakeTasks> } & Partial<ToolServerOptions> = {},
) {
  const { mail: box = fakeMail(), tasks, ...more } = options;
  const seen: [readonly string[], boolean][] = [];
  let ids = 0;
  const desks = new Desks({
    mail: async () => box.desk,
    ...(tasks === undefined ? {} : { tasks: async () => tasks.desk }),
  });
  const calls = createToolCalls({
    desks,
    randomId: () => `id-${(ids += 1)}`,
    log: silentLog,
    onSeen: (...what) => seen.push(what),
  });
  const { server } = createToolServer({ agent: 'bob', hasRun: desks.hasRun, calls, log: silentLog, ...more });
  const client = new Client({ name: 'test', version: '1' });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(ours), client.connect(theirs)]);
  closing.push(() => client.close());
  // The client checks answers against the schemas that it has listed.
  const { tools } = await client.listTools();
  const call = async (name: string, args?: object): Promise<Answered> => {
    const result = await client.callTool({
      name,
      ...(args === undefined ? {} : { arguments: args as Record<string, unknown> }),
    });
    const texts = (result.content as { text: string }[]).map(({ text }) => text);
    return { text: texts[0] ?? '', texts, data: result.structuredContent, isError: result.isError === true };
  };
  return { client, tools, call, seen };
}

const mailTools = ['mail_send', 'mail_inbox', 'mail_ack', 'who'];
const taskTools = ['task_current', 'task_progress', 'task_done', 'task_block', 'task_add', 'task_next'];

describe('the list', () => {
  test('holds what works in a run, and outside of one only what works there', async () => {
    const inRun = await connect({ tasks: fakeTasks() });
    expect(inRun.tools.map(({ name }) => name)).toEqual([...mailTools, ...taskTools]);
    const outside = await connect();
    expect(outside.tools.map(({ name }) => name)).toEqual(mailTools);
    expect(inRun.client.getInstructions()).toMatch(/You are one of them, `bob`.*task_done/);
    expect(outside.client.getInstructions()).not.toContain('task_');
  });

  test('says of each tool when to use it, and of each argument what it is; nothing else is taken', async () => {
    const { tools } = await connect({ tasks: fakeTasks() });
    for (const { name, title, description, inputSchema, annotations } of tools) {
      expect(title, name).toMatch(/^[A-Z]/);
      expect(description?.length, name).toBeGreaterThan(60);
      expect(inputSchema, name).toMatchObject({ type: 'object', additionalProperties: false });
      for (const [key, schema] of Object.entries(inputSchema.properties ?? {}))
        expect(schema, `${name} ${key}`).toHaveProperty('description');
      expect(annotations, name).toHaveProperty('readOnlyHint');
    }
    const withAnswers = tools.filter(({ outputSchema }) => outputSchema !== undefined);
    expect(withAnswers.map(({ name }) => name)).toEqual([
      ...mailTools,
      'task_current',
      'task_add',
      'task_next',
    ]);
  });
});

describe('mail', () => {
  test('is sent as it was given, and its id is the answer', async () => {
    const box = fakeMail();
    const { call } = await connect({ mail: box });
    const args = { to: '@Alice', body: 'hi', reply_to: '3', priority: 'high', tags: ['A'], ack_within_ms: 5 };
    const { data, text } = await call('mail_send', args);
    expect(data).toEqual({ id: mail(101).id, to: '@alice', time: '1970-01-01T00:00:00Z' });
    expect(JSON.parse(text)).toEqual(data);
    expect(box.sent).toEqual([
      {
        id: 'id-1',
        to: { kind: 'agent', name: 'alice' },
        body: 'hi',
        replyTo: '3',
        priority: 'high',
        tags: ['a'],
        ackWithinMs: 5,
      },
    ]);
  });

  test('that was shown whole has been read; the next list holds what is unread', async () => {
    const box = fakeMail([mail(1), mail(2, { body: { n: [1] }, priority: 'high' }), mail(3)]);
    const { call, seen } = await connect({ mail: box });
    const first = await call('mail_inbox', { limit: 2 });
    expect(first.data).toEqual({
      mails: [
        { ...mail(1), state: 'unread' },
        { ...mail(2, { body: { n: [1] }, priority: 'high' }), state: 'unread' },
      ],
      may_be_more: true,
    });
    expect((await call('mail_inbox')).data).toEqual({
      mails: [{ ...mail(3), state: 'unread' }],
      may_be_more: false,
    });
    expect((await call('mail_inbox', {})).data).toEqual({ mails: [], may_be_more: false });
    expect((await call('mail_inbox', { all: true })).data.mails).toHaveLength(3);
    expect(seen[0]).toEqual([[mail(1).id, mail(2).id], false]);
    expect(seen[1]).toEqual([[mail(3).id], true]);
  });

  test('that is long comes clipped and stays unread, until it is asked for by its id', async () => {
    const long = 'é'.repeat(10_000);
    const box = fakeMail([mail(1, { body: long })]);
    const { call } = await connect({ mail: box });
    const [shown] = (await call('mail_inbox')).data.mails;
    expect(shown).toMatchObject({ clipped: true, body: 'é'.repeat(4_096), state: 'unread' });
    expect(box.items[0]?.state).toBe('unread');
    const whole = await call('mail_inbox', { id: mail(1).id });
    expect(whole.data).toEqual({ mails: [mail(1, { body: long })], may_be_more: false });
    expect(box.items[0]?.state).toBe('read');
  });

  test('in a list has at most 64 KiB together; the rest stays unread', async () => {
    const box = fakeMail(Array.from({ length: 12 }, (_, n) => mail(n + 1, { body: 'x'.repeat(8_192) })));
    const { call } = await connect({ mail: box });
    const { data } = await call('mail_inbox');
    expect([data.mails.length, data.may_be_more]).toEqual([8, true]);
    expect(box.items.filter(({ state }) => state === 'unread')).toHaveLength(4);
  });

  test('is acknowledged by its id, and people are listed', async () => {
    const box = fakeMail([mail(4)]);
    const { call } = await connect({ mail: box });
    expect((await call('mail_ack', { id: mail(4).id })).data).toEqual({
      id: mail(4).id,
      state: 'acknowledged',
    });
    expect(box.items[0]?.state).toBe('acknowledged');
    expect((await call('who')).data.agents).toEqual([
      { name: 'alice', first_seen: 'then', last_seen: 'now', task: 'other' },
    ]);
  });
});

describe('the task', () => {
  test('is shown, noted, handed in, given up, added to and followed by the next', async () => {
    const tasks = fakeTasks([task]);
    const { call } = await connect({ tasks });
    expect((await call('task_current')).data).toEqual({ task });
    expect((await call('task_progress', { text: 'half' })).text).toBe('Noted.');
    expect((await call('task_done')).text).toContain('End your turn');
    expect((await call('task_done', { note: 'all' })).isError).toBe(false);
    expect((await call('task_block', { reason: 'no key' })).text).toContain('blocked');
    const draft = { title: 'More', deps: ['fix-it'], priority: 'P1', expects: 'none' };
    expect((await call('task_add', draft)).data).toEqual({ id: 'new-1' });
    expect((await call('task_next')).data).toEqual({ task });
    expect((await call('task_next')).data).toEqual({});
    // Each on a connection of its own, which is closed again.
    const said = tasks.said.filter(([verb]) => verb !== 'close');
    expect(said).toEqual([
      ['progress', 'half'],
      ['done', undefined],
      ['done', 'all'],
      ['block', 'no key'],
      ['add', draft],
    ]);
    expect(tasks.said.length - said.length).toBe(8);
  });

  test('is refused where there is no run', async () => {
    const { call } = await connect();
    for (const [name, args] of [
      ['task_current', {}],
      ['task_progress', { text: 'x' }],
    ] as const) {
      expect(await call(name, args)).toMatchObject({
        isError: true,
        text: expect.stringMatching(/there is no run here: .*WAGGLE_SOCKET/),
      });
    }
  });
});

describe('what is wrong is told as a tool error, and the server lives on', () => {
  test.each([
    ['mail_send', { body: 'x' }, 'mail_send: to: expected a value, got nothing'],
    ['mail_send', { to: 'tasks', body: 3 }, 'mail_send: body: expected string, got 3'],
    ['mail_send', { to: 'tasks', body: 'x', from: 'root' }, 'mail_send: from: expected no such key, got one'],
    [
      'mail_send',
      { to: 'tasks', body: 'x', priority: 'urgent' },
      'mail_send: priority: expected one of low, normal, high, got "urgent"',
    ],
    [
      'mail_send',
      { to: 'a_b', body: 'x' },
      /^mail_send: invalid target "a_b": invalid topic name; expected a topic or @agent/,
    ],
    ['mail_send', { to: 'tasks', body: ' ' }, 'mail_send: message body is required'],
    ['mail_send', { to: 'tasks', body: 'x'.repeat(1 << 20) }, 'mail_send: message exceeds 1MB limit'],
    ['mail_inbox', { limit: 0 }, 'mail_inbox: limit: expected >= 1, got 0'],
    ['mail_ack', { id: 'nope' }, /^mail_ack: id: expected the id of a mail, such as .*, got "nope"$/],
    ['task_add', { title: 'x', id: 'A B' }, /^task_add: id: expected text that matches /],
    ['who', { name: 'x' }, 'who: name: expected no such key, got one'],
    ['mail_delete', {}, /^there is no tool "mail_delete"; there are mail_send, /],
  ])('%s %j', async (name, args, told) => {
    const { call } = await connect({ tasks: fakeTasks() });
    const answered = await call(name, args);
    expect(answered.isError).toBe(true);
    expect(answered.text).toMatch(told);
    expect((await call('who')).isError).toBe(false);
  });

  test('so is a refusal, and a failure that nobody foresaw', async () => {
    const tasks = fakeTasks();
    const refused = new WaggleError('refused', { message: 'the right to fix-it is gone', reason: 'fenced' });
    tasks.desk.progress = () => Promise.reject(refused);
    tasks.desk.current = () => Promise.reject(new TypeError('x is not a function'));
    const { call } = await connect({ tasks });
    expect(await call('task_progress', { text: 'x' })).toMatchObject({
      isError: true,
      text: 'task_progress: the right to fix-it is gone',
    });
    expect(await call('task_current')).toMatchObject({ isError: true });
  });
});

test('every answer carries the line about urgent mail while there is one', async () => {
  let line: string | undefined = '1 urgent mail waits: mail_inbox';
  let answered = 0;
  const { call } = await connect({
    notice: () => line,
    onAnswered: () => {
      answered += 1;
    },
  });
  expect((await call('who')).texts[1]).toBe(line);
  expect((await call('mail_send', {})).texts[1]).toBe(line);
  line = undefined;
  expect((await call('who')).texts).toHaveLength(1);
  expect(answered).toBe(2);
});
