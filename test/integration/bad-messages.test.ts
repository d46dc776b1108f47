import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus, Headers, Payload } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { add, claimBy, grantOf, plain, sendClaim, stateOf, until } from '../support/asking.ts';
import { keptLog } from '../support/kept-log.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { roles, startSwarm, type TestSwarm } from '../support/swarm.ts';

const subjects = subjectsOf(project);
const log = keptLog();
let hive: TestHive;
let swarm: TestSwarm;
let client: Awaited<ReturnType<TestHive['client']>>;
let mallory: Bus;

beforeAll(async () => {
  // Nobody but the messages ends its term.
  hive = await startHive({ log, more: { electionLeaseMs: 6_000 } });
  await hive.configure({ roles });
  swarm = await startSwarm(hive);
  client = await hive.client('operator');
  // All rights in its account: what a server with a single account gives to everybody.
  mallory = await hive.services('swarm');
});
afterAll(async () => {
  await swarm.stop();
  await hive.stop();
});

const msgpack = { 'Content-Type': 'application/msgpack' };
const json = { 'Content-Type': 'application/json' };
/** MessagePack of `{ v: 1, kind: 2^64-1 }`: decodes to a value that JSON cannot show. */
const bigKind = Buffer.concat([
  Buffer.from([0x82, 0xa1, 0x76, 0x01, 0xa4]),
  Buffer.from('kind'),
  Buffer.from([0xcf, ...Array<number>(8).fill(0xff)]),
]);
/** Defines a record in place: a decoder that shared such tables would read later numbers as records. */
const record = Buffer.from([0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01]);

const bad: readonly [string, Payload, Headers][] = [
  ['an empty payload', Buffer.alloc(0), {}],
  ['garbage', Buffer.from('\u0000\u0001garbage'), {}],
  ['text that begins like JSON', Buffer.from('{"v":'), {}],
  ['another codec', Buffer.from('v: 1'), { 'Content-Type': 'application/yaml' }],
  ['JSON said to be MessagePack', Buffer.from('{"v":1}'), msgpack],
  ['null', Buffer.from('null'), json],
  ['a list', Buffer.from('[1]'), json],
  ['another version', Buffer.from('{"v":2,"kind":"claim","id":"x"}'), json],
  ['an unknown kind', Buffer.from('{"v":1,"kind":"dance","id":"x"}'), json],
  ['another shape', Buffer.from(JSON.stringify({ v: 1, kind: 'claim', slot: -1, id: '' })), json],
  ['inherited names', Buffer.from('{"v":1,"kind":"constructor","__proto__":{"v":1}}'), json],
  ['a number no JSON can show', bigKind, msgpack],
  ['a record definition', record, msgpack],
  ['lists in lists', Buffer.alloc(100_000, 0x91), msgpack],
];

/** What a message must not change. */
async function board(): Promise<unknown> {
  const { tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks' });
  const { grants, lanes, config } = await client.query<'status'>({ v: 1, kind: 'status' });
  return { tasks, grants, lanes, config };
}
const refused = async () => (await client.query<'status'>({ v: 1, kind: 'status' })).refused;
const saidOf = (what: string, from: string) =>
  log.lines.filter(
    ({ fields, level }) => level === 'warn' && fields['what'] === what && fields['from'] === from,
  );

describe.each(['claim', 'command', 'query', 'read'] as const)('to %s', (service) => {
  test('every bad message is refused, counted, logged once for its sender, and changes nothing', async () => {
    const before = await board();
    const counted = (await refused())[service] ?? 0;
    for (const [what, payload, headers] of bad) {
      const answer = await mallory.request(subjects.request(service, 'mallory'), payload, {
        timeoutMs: 2_000,
        headers,
      });
      expect([what, JSON.stringify(answer.payload.length > 0)]).toEqual([what, 'true']);
    }
    const foreign = encode('Query', { v: 1, kind: 'counts' });
    await mallory.request(`${subjects.prefix}.${service}.No_Name`, foreign.payload, {
      timeoutMs: 2_000,
      headers: foreign.headers,
    });
    expect((await refused())[service]).toBe(counted + bad.length + 1);
    expect(saidOf(service, 'mallory')).toHaveLength(1);
    expect(saidOf(service, 'nobody')).toHaveLength(1);
    expect(await board()).toEqual(before);
  });
});

test('bad mail to the orchestrator is counted and consumed; what comes behind it takes effect', async () => {
  const before = await board();
  const subject = subjects.mail('mallory', { kind: 'agent', name: 'orchestrator' });
  for (const [, payload, headers] of bad) await mallory.append(subject, payload, { headers });
  const report = Buffer.from(
    JSON.stringify({ v: 1, id: 'r', kind: 'report', at: 1, report: { kind: 'done' } }),
  );
  await mallory.append(subject, report, { headers: json });
  const { seq } = await mallory.append(subject.replace('mallory', 'No_Name'), report, { headers: json });
  await until('all is consumed', async () => {
    const { mail_seq } = await client.query<'status'>({ v: 1, kind: 'status' });
    return mail_seq >= seq;
  });
  expect((await refused())['mail']).toBe(bad.length + 2);
  expect(saidOf('mail', 'mallory')).toHaveLength(1);
  expect(await board()).toEqual(before);
});

test('bad beats, chunks and output count as absent', async () => {
  const before = await board();
  for (const [, payload, headers] of bad) {
    mallory.publish(subjects.beat('mallory'), payload, headers);
    mallory.publish(subjects.output('mallory', 'run-1'), payload, headers);
    mallory.publish(subjects.file('mallory', 'a'.repeat(64), 0), payload, headers);
  }
  mallory.publish(subjects.beat('No_Name'), bad[1]?.[1] ?? Buffer.alloc(0));
  await mallory.flush();
  await until('all beats are counted', async () => (await refused())['beat'] === bad.length + 1);
  expect(saidOf('beat', 'mallory')).toHaveLength(1);
  const reader = createReader(mallory, project, 'mallory');
  expect((await reader.beats()).beats.filter(({ agent }) => agent === 'mallory')).toEqual([]);
  expect((await reader.output({ agent: 'mallory', after: 0 })).chunks).toEqual([]);
  expect(await board()).toEqual(before);
});

test('a worker refuses bad control messages, lives on and works', async () => {
  await swarm.worker('w1', { command: ['true'] });
  await until('it beats', async () =>
    (await createReader(mallory, project, 'mallory').beats()).beats.some(({ agent }) => agent === 'w1'),
  );
  for (const [, payload, headers] of bad) {
    const subject = subjects.request('control', 'w1');
    const answer = await mallory.request(subject, payload, { timeoutMs: 2_000, headers });
    expect(Buffer.from(answer.payload).toString('latin1')).toContain('refused');
    // The leader's word, too, may come from anybody on such a server.
    mallory.publish(subjects.leader, payload, headers);
  }
  await add(client, plain('still'));
  await until('its task is done', async () => (await stateOf(client, 'still')) === 'closed');
});

test('after all that numbers are read as numbers, and the orchestrator still leads its first term', async () => {
  await add(client, plain('last'));
  const worker = await hive.connect('w2');
  const answer = await sendClaim(worker, 'w2', claimBy('w2', { number: 64, slot: 65, wait_ms: 100 }));
  // The worker of the test before may have been faster.
  if (answer.kind === 'granted') expect(grantOf(answer).task).toBe('last');
  const status = await client.query<'status'>({ v: 1, kind: 'status' });
  expect(status.term).toBe(1);
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});
