/**
 * A real orchestrator and its askers on a real server, overheard: whatever travels is what the document says.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpack } from 'msgpackr';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encode } from '../../../shared/bus/codec.ts';
import { putFile } from '../../../shared/bus/files.ts';
import { connectBus } from '../../../shared/bus/nats/connect.ts';
import type { Bus, Delivery } from '../../../shared/bus/port.ts';
import { createReader } from '../../../shared/bus/read-client.ts';
import { sendMail } from '../../../shared/bus/send-mail.ts';
import { subjectsOf } from '../../../shared/bus/subjects.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { add, beat, claimBy, plain, sendClaim, until } from '../../support/asking.ts';
import { startNatsServer, type TestNatsServer } from '../../support/nats-server.ts';
import { project, startHive, type TestHive } from '../../support/orchestrator.ts';
import { channelsOf, document, faults, nameOf } from './asyncapi-document.ts';

const { channels, components } = document;
const subjects = subjectsOf(project);
let server: TestNatsServer;
let hive: TestHive;
let folder: string;
const listeners: Bus[] = [];
const overheard: Delivery[] = [];
const pumps: Promise<void>[] = [];

async function listen(account: 'core' | 'swarm', ...patterns: string[]): Promise<void> {
  const { url, user, password } = server[account];
  const bus = await connectBus({
    account,
    urls: [url],
    user,
    password,
    name: 'listener',
    inboxPrefix: '_INBOX.listener',
    log: silentLog,
    clock: systemClock,
  });
  listeners.push(bus);
  for (const pattern of patterns) {
    const subscription = bus.subscribe(pattern);
    pumps.push(
      (async () => {
        for await (const delivery of subscription) overheard.push(delivery);
      })(),
    );
  }
  await bus.flush();
}

beforeAll(async () => {
  server = await startNatsServer();
  folder = await mkdtemp(join(tmpdir(), 'waggle-traffic-'));
  await listen('core', `${subjects.prefix}.>`);
  // Services read streams through their inboxes; an agent's holds answers alone.
  await listen('swarm', `${subjects.prefix}.>`, `_INBOX.${project}.ada.>`);
  hive = await startHive({ server });
});
afterAll(async () => {
  await Promise.all(listeners.map((bus) => bus.close()));
  await Promise.all(pumps);
  await hive.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Everything that is told, asked and stored in an ordinary day. */
async function talk(): Promise<void> {
  const swarm = await hive.connect('ada');
  const client = await hive.client('ada');
  await add(client, plain('t1'));
  await sendClaim(swarm, 'ada', claimBy('ada'));
  await client.query({ v: 1, kind: 'counts' });
  beat(swarm, 'ada');
  const output = encode('Output', {
    v: 1,
    kind: 'output',
    fence: 1,
    at: 1,
    offset: 0,
    stream: 'stdout',
    text: 'hello',
  });
  swarm.publish(subjects.output('ada', 'run-1'), output.payload, output.headers);
  for (const [kind, name] of [['topic', 'news'] as const, ['agent', 'bob'] as const]) {
    await sendMail(
      swarm,
      project,
      'ada',
      { kind, name },
      { v: 1, id: name, kind: 'message', at: 1, body: 'x' },
    );
  }
  const about = { kind: 'receipt', name: '1' } as const;
  const receipt = {
    v: 1,
    id: 'receipt',
    kind: 'receipt',
    at: 1,
    receipt: { seq: 1, state: 'read' },
  } as const;
  await sendMail(swarm, project, 'ada', about, receipt);
  const presence = encode('Presence', { v: 1, kind: 'presence', via: 'send' });
  swarm.publish(subjects.presence('ada'), presence.payload, presence.headers);
  const path = join(folder, 'file');
  await writeFile(path, 'content');
  await putFile(swarm, project, 'ada', path);
  await createReader(swarm, project, 'ada').beats();
  const control = encode('Control', { v: 1, kind: 'drain' });
  swarm.publish(subjects.request('control', 'ada'), control.payload, control.headers);
  await swarm.flush();
}

/** A PubAck is JetStream's, not ours. */
const isAck = ({ subject, headers }: Delivery) =>
  subject.startsWith('_INBOX.') && headers['Content-Type'] === undefined;

const decoded = ({ payload }: Delivery, contentType: string): unknown =>
  contentType === 'application/json' ? JSON.parse(Buffer.from(payload).toString('utf8')) : unpack(payload);

/** What of a delivery is not as one message of its channel says. */
function faultsAs(message: string, delivery: Delivery): string[] {
  const { contentType, headers, payload } = components.messages[message]!;
  const said = delivery.headers['Content-Type'] ?? 'nothing';
  if (said !== contentType) return [`is ${said}, told as ${contentType}`];
  const missing = Object.keys(headers.properties).filter((name) => delivery.headers[name] === undefined);
  return [
    ...missing.map((name) => `has no ${name}`),
    ...faults({ $ref: `#/components/messages/${message}/headers` }, delivery.headers),
    ...(payload === undefined ? [] : faults(payload, decoded(delivery, contentType))),
  ];
}

it('everything that travels goes over one channel and is one of its messages', async () => {
  await talk();
  // Snapshots are rare, and the leaders' keys lie outside the project's prefix.
  const silent = ['snapshot', 'leaders'];
  const expected = Object.keys(channels).filter((key) => !silent.includes(key));
  const keys = () => overheard.filter((one) => !isAck(one)).flatMap(({ subject }) => channelsOf(subject));
  await until('every channel has carried something', async () => {
    const heard = new Set(keys());
    return expected.every((key) => heard.has(key));
  });

  for (const delivery of overheard.filter((one) => !isAck(one))) {
    const [key = 'none', ...more] = channelsOf(delivery.subject);
    expect([key, ...more], delivery.subject).toEqual([expect.stringMatching(/^(?!none$)/)]);
    const found = Object.values(channels[key]!.messages).map((ref) => faultsAs(nameOf(ref), delivery));
    expect(
      found.filter(({ length }) => length === 0).length,
      `${delivery.subject}: ${found.join('; ')}`,
    ).toBe(1);
  }
});
