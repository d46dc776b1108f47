/**
 * What the read service tells of MAIL and BEAT, asked by agents without rights on the streams.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Beat, Mail } from '../../schemas/index.ts';
import { newestStored } from '../../services/orchestrator/newest-stored.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus, Streams } from '../../shared/bus/port.ts';
import { createReader, type Reader } from '../../shared/bus/read-client.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { type MailRoute, type MailTarget, subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { systemClock } from '../../shared/clock.ts';
import { randomId } from '../../shared/random.ts';
import { beat, until } from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { deleteStream } from '../support/stream-surgery.ts';

const subjects = subjectsOf(project);
const streams = streamNames(project);
let hive: TestHive;
let ada: Bus;
let swarm: Bus;
let reader: Reader;
let topic: MailTarget;
let topics = 0;

beforeAll(async () => {
  hive = await startHive();
  ada = await hive.connect('ada');
  swarm = await hive.services('swarm');
  reader = createReader(ada, project, 'bob');
});
beforeEach(() => {
  topics += 1;
  topic = { kind: 'topic', name: `topic-${topics}` };
});
afterAll(() => hive.stop());

const mail = (body: string): Mail => ({ v: 1, id: randomId(), kind: 'message', at: 1, body });
const send = (to: MailRoute, body: string, from = 'ada') => sendMail(ada, project, from, to, mail(body));
const receipt = (seq: number, from = 'bob') =>
  sendMail(
    ada,
    project,
    from,
    { kind: 'receipt', name: String(seq) },
    {
      ...mail(''),
      kind: 'receipt',
      receipt: { seq, state: 'read' },
    },
  );
const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n));
const bodies = async (query: Parameters<Reader['mail']>[0]) =>
  (await reader.mail(query)).mails.map(({ mail: { body } }) => body);

// Mail to names that nobody has seen would be answered by the orchestrator.
describe('mail', () => {
  test('gives mail in pages that say how far they reach', async () => {
    const before = await reader.mail({ last: 0 });
    for (const body of numbers(7)) await send(topic, body);
    const first = await reader.mail({ target: topic, after: before.last, limit: 3 });
    expect(first.mails.map(({ mail: { body } }) => body)).toEqual(['0', '1', '2']);
    const second = await reader.mail({ target: topic, after: first.scanned_to, limit: 100 });
    expect(second.mails.map(({ mail: { body } }) => body)).toEqual(['3', '4', '5', '6']);
    expect(second.scanned_to).toBe(second.last);
  });

  test('gives the last N of a target, of a sender, and of all', async () => {
    for (const body of numbers(6)) await send(topic, body);
    await send(topic, 'mine', 'bob');
    expect(await bodies({ target: topic, last: 3 })).toEqual(['4', '5', 'mine']);
    expect(await bodies({ target: topic, from: 'ada', last: 2 })).toEqual(['4', '5']);
    expect(await bodies({ last: 1 })).toEqual(['mine']);
    expect(await bodies({ target: topic, last: 0 })).toEqual([]);
    expect(await bodies({ target: { kind: 'topic', name: 'empty' }, last: 5 })).toEqual([]);
  });

  test('finds the last of a quiet target behind much other mail', async () => {
    const noisy: MailTarget = { kind: 'topic', name: 'noisy' };
    await send(topic, 'long ago');
    await Promise.all(numbers(700).map((body) => send(noisy, body)));
    const { mails } = await reader.mail({ target: topic, last: 1 });
    expect(mails.map(({ mail: { body } }) => body)).toEqual(['long ago']);
  });

  test('mails so long that they fill an answer come in more pages, and none keeps the rest from being read', async () => {
    const tags = Array.from({ length: 900 }, () => 'x'.repeat(1_000));
    const huge: Mail = { ...mail('too long to hand out'), tags };
    const long = 'x'.repeat(60_000);
    for (let n = 0; n < 9; n += 1) await send(topic, `${n}${long}`);
    await sendMail(ada, project, 'ada', topic, huge);
    await send(topic, 'end');
    const all: (string | undefined)[] = [];
    let pages = 0;
    for (let after = 0, isWhole = false; !isWhole; pages += 1) {
      const page = await reader.mail({ target: topic, after, limit: 1_000 });
      all.push(...page.mails.map(({ mail: { body } }) => body));
      isWhole = page.scanned_to >= page.last;
      after = page.scanned_to;
    }
    expect(pages).toBeGreaterThan(1);
    expect(all.map((body) => body?.slice(0, 3))).toEqual([...numbers(9).map((n) => `${n}xx`), 'end']);
    const newest = await reader.mail({ target: topic, last: 20 });
    expect(newest.mails.at(-1)?.mail.body).toBe('end');
    expect(newest.mails.length).toBeLessThan(10);
    const back = newest.mails.map(({ mail: { body } }) => body);
    for (let before = newest.scanned_to + 1; before > 1; ) {
      const older = await reader.mail({ target: topic, last: 20, before });
      back.unshift(...older.mails.map(({ mail: { body } }) => body));
      before = older.scanned_to + 1;
    }
    expect(back).toEqual(all);
  });

  test('a stored message that is no mail counts as absent', async () => {
    const first = await send(topic, 'before');
    await swarm.append(subjectsOf(project).mail('ada', topic), Buffer.from('garbage'));
    await send(topic, 'after');
    const page = await reader.mail({ target: topic, after: first - 1 });
    expect(page.mails.map(({ mail: { body } }) => body)).toEqual(['before', 'after']);
    expect(await bodies({ target: topic, last: 2 })).toEqual(['before', 'after']);
  });

  test('goes back page by page to the first, each mail once', async () => {
    for (const body of numbers(25)) await send(topic, body);
    const pages: (string | undefined)[][] = [];
    for (let before: number | undefined; before === undefined || before > 1; ) {
      const query = { target: topic, last: 10, ...(before === undefined ? {} : { before }) };
      const page = await reader.mail(query);
      pages.unshift(page.mails.map(({ mail: { body } }) => body));
      before = page.scanned_to + 1;
    }
    expect(pages.map(({ length }) => length)).toEqual([5, 10, 10]);
    expect(pages.flat()).toEqual(numbers(25));
  });

  test('of a family comes alone, and receipts only when asked for', async () => {
    const first = await send(topic, 'to all');
    await receipt(first);
    await send({ kind: 'agent', name: 'ada' }, 'to ada');
    await receipt(first, 'carol');
    const after = first - 1;
    expect(await bodies({ after })).toEqual(['to all', 'to ada']);
    expect(await bodies({ after, family: 'topic' })).toEqual(['to all']);
    expect(await bodies({ after, family: 'agent' })).toEqual(['to ada']);
    expect(await bodies({ last: 2 })).toEqual(['to all', 'to ada']);
    expect(await bodies({ last: 1, family: 'topic' })).toEqual(['to all']);
    const { mails } = await reader.mail({ after, family: 'receipt', from: 'carol' });
    expect(mails).toMatchObject([{ from: 'carol', mail: { receipt: { seq: first, state: 'read' } } }]);
    expect(await reader.mail({ last: 5, target: { kind: 'receipt', name: String(first) } })).toMatchObject({
      mails: [{ from: 'bob' }, { from: 'carol' }],
    });
  });

  test('of topics and agents is put together in order, page by page from both ends', async () => {
    const { last } = await reader.mail({ last: 0 });
    for (const n of numbers(30)) {
      await send(Number(n) % 3 === 0 ? topic : { kind: 'agent', name: 'ada' }, n);
      if (Number(n) % 7 === 0) await receipt(last + 1);
    }
    const onward: (string | undefined)[] = [];
    for (let after = last, isWhole = false; !isWhole; ) {
      const page = await reader.mail({ after, limit: 4 });
      expect(page.mails.length).toBeLessThanOrEqual(4);
      onward.push(...page.mails.map(({ mail: { body } }) => body));
      isWhole = page.scanned_to >= page.last;
      after = page.scanned_to;
    }
    expect(onward).toEqual(numbers(30));
    const back: (string | undefined)[] = [];
    for (let before: number | undefined; before === undefined || before > last + 1; ) {
      const page = await reader.mail({ last: 7, ...(before === undefined ? {} : { before }) });
      back.unshift(...page.mails.filter(({ seq }) => seq > last).map(({ mail: { body } }) => body));
      before = page.scanned_to + 1;
    }
    expect(back).toEqual(numbers(30));
  });
});

describe('the newest of a subject', () => {
  /** Counts what is read. */
  function counted(): { streams: Streams; read: { messages: number; requests: number } } {
    const read = { messages: 0, requests: 0 };
    const page: Streams['page'] = async (...query) => {
      const found = await swarm.streams.page(...query);
      read.requests += 1;
      read.messages += found.messages.length;
      return found;
    };
    return { streams: { ...swarm.streams, page }, read };
  }

  /** 4,000 messages in one go; `at` says where each goes. */
  async function fill(at: (n: number) => string): Promise<void> {
    const { payload, headers } = encode('Mail', mail('x'), 'json');
    for (let n = 0; n < 3_999; n += 1) swarm.publish(subjects.mail(`a${n % 9}`, to(at(n))), payload, headers);
    await swarm.append(subjects.mail('a0', to(at(3_999))), payload, { headers });
  }
  const to = (name: string): MailTarget => ({ kind: 'topic', name });

  test.each<[string, number, (n: number) => boolean]>([
    ['as dense as can be', 3, () => true],
    ['one in fifty', 9, (n) => n % 50 === 0],
    ['only long ago', 20, (n) => n < 900],
    ['in two bursts', 20, (n) => (n > 200 && n < 900) || (n > 2_000 && n < 2_015)],
    ['a handful', 9, (n) => n % 999 === 0],
    ['less and less', 24, (n) => Math.floor(Math.log2(n + 2) * 60) > Math.floor(Math.log2(n + 1) * 60)],
  ])('is found by a few requests that read little: %s', async (what, mostRequests, isIn) => {
    const name = `newest-${what.replaceAll(' ', '-')}`;
    await fill((n) => (isIn(n) ? name : 'other'));
    const subject = subjects.mailTo(to(name));
    const whole: number[] = [];
    for (let fromSeq = 1; ; ) {
      const page = await swarm.streams.page(streams.mail, { fromSeq, subject, limit: 1_000 });
      whole.push(...page.messages.map(({ seq }) => seq));
      fromSeq = page.scannedTo + 1;
      if (page.pending === 0) break;
    }
    const base = { maxBytes: 1_000_000, bytesOf: () => 1 };
    for (const count of [1, 20, 100]) {
      for (const before of [undefined, whole.at(-3) ?? 1, whole.at(Math.floor(whole.length / 2)) ?? 1, 1]) {
        const { streams: counting, read } = counted();
        const query = { ...base, count, ...(before === undefined ? {} : { before }) };
        const { messages, above } = await newestStored(counting, streams.mail, subject, query);
        const below = whole.filter((seq) => before === undefined || seq < before);
        expect(messages.map(({ seq }) => seq)).toEqual(below.slice(-count));
        const left = below.slice(0, -count).at(-1);
        expect(above).toBeGreaterThanOrEqual(left ?? 0);
        expect(above).toBeLessThan(messages[0]?.seq ?? 1);
        expect(read.messages).toBeLessThanOrEqual(Math.max(200, 6 * count));
        expect(read.requests).toBeLessThanOrEqual(mostRequests);
      }
    }
  });

  test('keeps no more than fits, and says from where on nothing is missing', async () => {
    await fill(() => 'sized');
    const subject = subjects.mailTo(to('sized'));
    const query = { count: 50, maxBytes: 10, bytesOf: () => 3 };
    const { messages, above } = await newestStored(swarm.streams, streams.mail, subject, query);
    expect(messages).toHaveLength(3);
    expect(above).toBe((messages[0]?.seq ?? 0) - 1);
    const one = await newestStored(swarm.streams, streams.mail, subject, { ...query, maxBytes: 0 });
    expect(one.messages.map(({ seq }) => seq)).toEqual([messages[2]?.seq]);
  });
});

describe('topics', () => {
  test('are told by name, with how many messages stand there and when the last was stored', async () => {
    const before = systemClock.now();
    for (const body of numbers(3)) await send(topic, body);
    const last = await send(topic, 'by another', 'zoe');
    await send({ kind: 'agent', name: topic.name }, 'no topic');
    const told = await reader.topics();
    expect(told.map(({ name }) => name)).toEqual(told.map(({ name }) => name).sort());
    const mine = told.find(({ name }) => name === topic.name);
    expect(mine).toMatchObject({ messages: 4, last_seq: last });
    // The server and we have one clock here; its times are cut to milliseconds.
    expect(mine?.last_at).toBeGreaterThanOrEqual(before - 1);
    expect(mine?.last_at).toBeLessThanOrEqual(systemClock.now());
    await swarm.streams.purge(streams.mail, { subject: subjects.mailTo(topic) });
    expect((await reader.topics()).map(({ name }) => name)).not.toContain(topic.name);
  });
});

describe('sightings', () => {
  /** The server reads what is published sooner than its streams have it. */
  const stand = (pattern: string, isThere: (seen: ReadonlyMap<string, number>) => boolean) =>
    until(`${pattern} stands`, async () => isThere(await swarm.streams.subjects(streams.beat, pattern)));
  const seen = async (name: string) => (await reader.sightings()).find(({ agent }) => agent === name);

  test('know those who sent mail, and when they were first and last seen by the server', async () => {
    const first = await send(topic, 'one', 'writer');
    await sendMail(ada, project, 'writer', topic, { ...mail('two'), host: 'box' });
    const last = await receipt(first, 'writer');
    const at = async (seq: number) => (await swarm.streams.get(streams.mail, { seq }))?.at;
    expect(await seen('writer')).toEqual({
      agent: 'writer',
      first_at: await at(first),
      last_at: await at(last),
    });
    await sendMail(ada, project, 'writer', topic, { ...mail('three'), host: 'box' });
    expect(await seen('writer')).toMatchObject({ host: 'box', first_at: await at(first) });
  });

  test('know those with a heartbeat or a presence, and neither the orchestrator nor mere recipients', async () => {
    beat(ada, 'worker');
    const presence = encode('Presence', { v: 1, kind: 'presence', via: 'watch', host: 'desk' });
    ada.publish(subjects.presence('person'), presence.payload, presence.headers);
    ada.publish(subjects.presence('garbage'), Buffer.from('garbage'));
    await send({ kind: 'agent', name: 'never-there' }, 'hello?');
    await sendMail(swarm, project, 'orchestrator', topic, mail('news'));
    await stand(subjects.beat('*'), (seen) => seen.has(subjects.beat('worker')));
    await stand(subjects.presence('*'), (seen) => seen.has(subjects.presence('garbage')));
    const told = await reader.sightings();
    expect(told.map(({ agent }) => agent)).toEqual(told.map(({ agent }) => agent).sort());
    expect(told.map(({ agent }) => agent)).toEqual(expect.arrayContaining(['ada', 'person', 'worker']));
    for (const absent of ['orchestrator', 'never-there', 'garbage'])
      expect(told.map(({ agent }) => agent)).not.toContain(absent);
    const worker = told.find(({ agent }) => agent === 'worker');
    expect(worker?.beat).toMatchObject({ kind: 'beat' } satisfies Partial<Beat>);
    expect(worker?.host).toBe(worker?.beat?.place.host);
    // As long as it runs: it has written nothing.
    expect((worker?.last_at ?? 0) - (worker?.first_at ?? 0)).toBe(worker?.beat?.uptime_ms);
    const person = told.find(({ agent }) => agent === 'person');
    expect(person).toMatchObject({ host: 'desk' });
    expect(Math.abs((person?.last_at ?? 0) - systemClock.now())).toBeLessThan(5_000);
  });

  test('fit an answer, however many were there: then those seen last are told whole', async () => {
    const host = 'h'.repeat(900);
    for (let n = 0; n < 1_500; n += 1) {
      const presence = encode('Presence', { v: 1, kind: 'presence', via: 'send', host: `${n}${host}` });
      ada.publish(subjects.presence(`crowd-${n}`), presence.payload, presence.headers);
    }
    const isOfThem = (subject: string) => subject.startsWith(subjects.presence('crowd-'));
    await stand(subjects.presence('*'), (seen) => [...seen.keys()].filter(isOfThem).length === 1_500);
    const told = (await reader.sightings()).filter(({ agent }) => agent.startsWith('crowd-'));
    expect(told).toHaveLength(1_500);
    expect(told.find(({ agent }) => agent === 'crowd-1499')?.host).toBe(`1499${host}`);
    expect(told.find(({ agent }) => agent === 'crowd-0')).not.toHaveProperty('host');
  });
});

test('a chunk that is asked of an orchestrator that hangs is given by another one', async () => {
  const hung = swarm.subscribe(subjects.request('read', '*'), { queue: `wg-${project}-read` });
  let taken = 0;
  const taking = (async () => {
    for await (const _ of hung) taken += 1;
  })();
  await swarm.flush();
  await until('one that fell to it is answered', async () => {
    const before = taken;
    // One that falls to it again and again may fail.
    const answer = await reader.chunk('ada', 'a'.repeat(64), 0).then(
      () => 'absent',
      () => undefined,
    );
    return answer !== undefined && taken > before;
  });
  hung.close();
  await taking;
});

test('nobody has a heartbeat while BEAT is to be made anew, and who wrote is known all the same', async () => {
  await send(topic, 'still here', 'author');
  await deleteStream(swarm, streams.beat);
  expect((await reader.beats()).beats).toEqual([]);
  expect((await reader.sightings()).map(({ agent }) => agent)).toContain('author');
});
