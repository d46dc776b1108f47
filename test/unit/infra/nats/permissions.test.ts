import { jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connect, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Login, startNatsServer, type TestNatsServer } from '../../../support/nats-server.ts';

let server: TestNatsServer;
let agent: NatsConnection;
let services: NatsConnection;
const open: NatsConnection[] = [];

async function as(login: Login, options: ConnectionOptions = {}): Promise<NatsConnection> {
  const connection = await connect({
    servers: login.url,
    user: login.user,
    pass: login.password,
    noAsyncTraces: true,
    ...options,
  });
  open.push(connection);
  return connection;
}

/** Subjects that reached `services` on `subject` until a last one that is sure to come. */
async function heard(subject: string, act: () => Promise<void>): Promise<string[]> {
  const subscription = services.subscribe(subject);
  const fence = services.subscribe('wg.p.fence');
  await services.flush();
  await act();
  agent.publish('wg.p.fence');
  for await (const _ of fence) break;
  await subscription.drain();
  const subjects: string[] = [];
  for await (const message of subscription) subjects.push(message.subject);
  return subjects;
}

beforeAll(async () => {
  server = await startNatsServer();
  services = await as(server.swarm);
  agent = await as(server.workerSwarm, { inboxPrefix: '_INBOX.w1' });
  const manager = await jetstreamManager(services);
  await manager.streams.add({ name: 'WG_p_MAIL', subjects: ['wg.p.mail.>'] });
});

afterAll(async () => {
  await Promise.all(open.map((connection) => connection.close()));
  await server.stop();
});

describe('the agent user', () => {
  test('publishes into a stream and gets its PubAck on its own inbox', async () => {
    const ack = await agent.request('wg.p.mail.w1.topic.t', 'hello', { timeout: 20_000 });
    expect(ack.json()).toMatchObject({ stream: 'WG_p_MAIL', seq: expect.any(Number) });
    expect(ack.subject).toMatch(/^_INBOX\.w1\./);
  });

  test.each([
    ['reads no account info', '$JS.API.INFO'],
    ['makes no stream', '$JS.API.STREAM.CREATE.WG_x'],
    ['reads no message', '$JS.API.STREAM.MSG.GET.WG_p_MAIL'],
    ['makes no direct get', '$JS.API.DIRECT.GET.WG_p_MAIL'],
    ['makes no consumer', '$JS.API.CONSUMER.CREATE.WG_p_MAIL'],
    ['purges nothing', '$JS.API.STREAM.PURGE.WG_p_MAIL'],
    ['asks no system service', '$SYS.REQ.SERVER.PING'],
  ])('%s (%s)', async (_, subject) => {
    await expect(agent.request(subject, '{}', { timeout: 20_000 })).rejects.toThrow(/permissions violation/i);
  });

  test('asks the services and gets their answer', async () => {
    const claims = services.subscribe('wg.p.claim.*', {
      callback: (_, message) => void message.respond('granted'),
    });
    await services.flush();
    expect((await agent.request('wg.p.claim.w1', 'claim', { timeout: 20_000 })).string()).toBe('granted');
    claims.unsubscribe();
  });

  test('answers a control request', async () => {
    const control = agent.subscribe('wg.p.control.w1', {
      callback: (_, message) => void message.respond('drained'),
    });
    await agent.flush();
    expect((await services.request('wg.p.control.w1', 'drain', { timeout: 20_000 })).string()).toBe(
      'drained',
    );
    control.unsubscribe();
  });

  test('hears what is live', async () => {
    const live = agent.subscribe('wg.p.live.mail.>', { max: 1 });
    await agent.flush();
    services.publish('wg.p.live.mail.w2.topic.t', 'news');
    for await (const message of live) expect(message.string()).toBe('news');
  });

  test('can speak neither as the leader nor as the republished mail', async () => {
    const subjects = await heard('wg.p.>', async () => {
      agent.publish('wg.p.leader', 'me');
      agent.publish('wg.p.live.mail.w2.topic.t', 'forged');
      agent.publish('wg.p.beat.w1', 'beat');
    });
    expect(subjects).toEqual(['wg.p.beat.w1', 'wg.p.fence']);
  });

  test.each([
    'wg.p.claim.*',
    'wg.p.command.w1',
    'wg.p.query.>',
    'wg.p.read.*',
    'wg.p.mail.>',
    'wg.p.*.w1',
    'wg.p.>',
    'wg.>',
    '>',
    '$JS.>',
  ])('cannot listen on %s, to answer in place of the services', async (subject) => {
    const subscription = agent.subscribe(subject);
    expect(await subscription.closed).toMatchObject({
      message: expect.stringMatching(/permissions violation/i),
    });
  });
});

describe('the accounts', () => {
  test('are apart: CORE sees nothing of SWARM', async () => {
    const core = await as(server.core);
    const manager = await jetstreamManager(core);
    expect(await manager.streams.names().next()).toEqual([]);
    await manager.streams.add({ name: 'WG_p_JOURNAL', subjects: ['wg.p.journal'] });
    expect(await (await jetstreamManager(services)).streams.names().next()).toEqual(['WG_p_MAIL']);
  });

  test('refuse a wrong password', async () => {
    await expect(as({ ...server.core, password: 'guess' })).rejects.toThrow(/authorization/i);
  });
});
