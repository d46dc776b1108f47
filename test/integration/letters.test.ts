/**
 * Mail whose delivery the board watches, and names on the board, against a real orchestrator: what is told to whom, and
 * that it is told once, whoever leads.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Batch, Letter, Mail, StoredMail } from '../../schemas/index.ts';
import { LEAVING } from '../../shared/agent/heartbeat.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { encode } from '../../shared/bus/codec.ts';
import { openJournal } from '../../shared/bus/journal.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { type MailTarget, subjectsOf } from '../../shared/bus/subjects.ts';
import { ensureTopology, streamNames } from '../../shared/bus/topology.ts';
import { systemClock } from '../../shared/clock.ts';
import { mailId } from '../../shared/mail/message-id.ts';
import { randomId } from '../../shared/random.ts';
import { beat, claimBy, eventsOf, journalOf, sendClaim, until } from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';

const subjects = subjectsOf(project);
const inbox: MailTarget = { kind: 'agent', name: 'orchestrator' };
const agent = (name: string): MailTarget => ({ kind: 'agent', name });
const WINDOW_MS = 1_500;

let hive: TestHive;
let ann: Bus;
let bob: Bus;
let client: BoardClient;

async function setUp(options?: Parameters<typeof startHive>[0]): Promise<void> {
  hive = await startHive(options);
  ann = await hive.connect('ann');
  bob = await hive.connect('bob');
  client = await hive.client('operator');
}
beforeEach(() => setUp());
afterEach(() => hive.stop());

const dieAfter = (dead_letter_after_ms: number) =>
  hive.configure({ policies: { ...emptyConfig.policies, dead_letter_after_ms } });

const AT = Date.UTC(2026, 2, 1, 9, 15);
let sent = 0;
function post(swarm: Bus, from: string, to: MailTarget, more: Partial<Mail> = {}): Promise<number> {
  sent += 1;
  return sendMail(swarm, project, from, to, {
    v: 1,
    id: `sent-${sent}`,
    kind: 'message',
    at: AT,
    body: 'hello',
    ...more,
  });
}

const receive = (swarm: Bus, by: string, seq: number, state: 'delivered' | 'read' | 'acknowledged') =>
  sendMail(
    swarm,
    project,
    by,
    { kind: 'receipt', name: String(seq) },
    {
      v: 1,
      id: `receipt.${by}.${seq}.${state}`,
      kind: 'receipt',
      at: AT,
      receipt: { seq, state },
    },
  );

/** The server has it before anything that is mailed afterwards. */
async function present(swarm: Bus, name: string, via: 'watch' | 'register' = 'watch'): Promise<void> {
  const { payload, headers } = encode('Presence', { v: 1, kind: 'presence', via });
  swarm.publish(subjects.presence(name), payload, headers);
  await swarm.flush();
}

const letters = async (): Promise<Letter[]> =>
  (await client.query<'letters'>({ v: 1, kind: 'letters' })).letters;
const letter = async (seq: number) => (await letters()).find((one) => one.seq === seq);
const stateIs = (seq: number, state: Letter['state'] | undefined) =>
  until(`letter ${seq} is ${state}`, async () => (await letter(seq))?.state === state);

/** What the orchestrator mailed to somebody. */
async function toldTo(target: MailTarget): Promise<StoredMail['mail'][]> {
  const reader = createReader(ann, project, 'ann');
  const { mails } = await reader.mail({ target, from: 'orchestrator', last: 100 });
  return mails.map(({ mail }) => mail);
}
const linesTo = async (target: MailTarget, word: RegExp): Promise<string[]> =>
  (await toldTo(target)).flatMap(({ body = '' }) => body.split('\n').filter((line) => word.test(line)));
const problems = /^(no ack|dead letter): /;
const told = async () => ({
  sender: await linesTo(agent('ann'), problems),
  inbox: await linesTo(inbox, problems),
});
const toldOf = (seq: number) =>
  until(`the end of letter ${seq} is told`, async () => {
    const { sender, inbox: people } = await told();
    const isOfIt = (line: string) => line.includes(mailId(AT, seq));
    return sender.some(isOfIt) && people.some(isOfIt);
  });

describe('a letter', () => {
  test('that its recipient acknowledges in time is told of to nobody; one that is not acknowledged is, once', async () => {
    await present(bob, 'bob');
    const kept = await post(ann, 'ann', agent('bob'), { ack_within_ms: 5_000 });
    const broken = await post(ann, 'ann', agent('bob'), { ack_within_ms: 5_100 });
    await stateIs(kept, 'waiting');
    await receive(bob, 'bob', kept, 'delivered');
    await receive(bob, 'bob', broken, 'delivered');
    await stateIs(kept, 'delivered');
    await receive(bob, 'bob', kept, 'acknowledged');
    await stateIs(kept, undefined);
    await toldOf(broken);
    const line = expect.stringMatching(
      `^no ack: ${mailId(AT, broken)} to @bob by \\d{4}-.*Z; fmail trace ${mailId(AT, broken)}$`,
    );
    expect(await told()).toEqual({ sender: [line], inbox: [line] });
    expect((await toldTo(inbox)).map(({ kind }) => kind)).toEqual(['message']);
    expect((await toldTo(agent('ann'))).map(({ kind }) => kind)).toEqual(['notice']);
    await receive(bob, 'bob', broken, 'acknowledged');
    await stateIs(broken, undefined);
  });

  test('is told of once however often the leader changes around its deadline', async () => {
    await present(bob, 'bob');
    const seq = await post(ann, 'ann', agent('bob'), { ack_within_ms: 5_000 });
    await stateIs(seq, 'waiting');
    await hive.restartOrchestrator();
    await toldOf(seq);
    await hive.restartOrchestrator();
    await hive.restartOrchestrator();
    expect(await told()).toEqual({ sender: [expect.any(String)], inbox: [expect.any(String)] });
    expect(await letter(seq)).toMatchObject({ state: 'overdue' });
  });

  test('that was acknowledged while nobody led is not overdue for the next leader', async () => {
    await present(bob, 'bob');
    const seq = await post(ann, 'ann', agent('bob'), { ack_within_ms: 5_000 });
    await stateIs(seq, 'waiting');
    const by = (await letter(seq))?.ack_by ?? 0;
    await hive.stopOrchestrator();
    await receive(bob, 'bob', seq, 'acknowledged');
    await until('its deadline has passed', () => systemClock.now() > by);
    await hive.startOrchestrator();
    await stateIs(seq, undefined);
    expect((await eventsOf(client)).filter(({ type }) => type === 'letter_overdue')).toEqual([]);
  });

  test('to a topic is settled by whoever acknowledges it', async () => {
    const seq = await post(ann, 'ann', { kind: 'topic', name: 'task' }, { ack_within_ms: 60_000 });
    await stateIs(seq, 'waiting');
    await receive(ann, 'ann', seq, 'acknowledged');
    await receive(bob, 'bob', seq, 'read');
    await stateIs(seq, 'delivered');
    await receive(bob, 'bob', seq, 'acknowledged');
    await stateIs(seq, undefined);
  });
});

describe('a dead letter', () => {
  test('is one to a name that nobody ever saw, at once; the sender and the inbox are told', async () => {
    const seq = await post(ann, 'ann', agent('bbo'));
    await toldOf(seq);
    const id = mailId(AT, seq);
    const line = `dead letter: ${id} to @bbo: nobody by that name was ever seen; fmail redeliver ${id}`;
    expect(await told()).toEqual({ sender: [line], inbox: [line] });
    // Whoever has mailed is known, also to a leader that was not there then.
    const back = await post(bob, 'bob', agent('ann'));
    await stateIs(back, 'waiting');
    await hive.restartOrchestrator();
    const again = await post(bob, 'bob', agent('ann'));
    const stray = await post(bob, 'bob', agent('bbo'));
    await stateIs(stray, 'dead');
    expect([await letter(back), await letter(again)]).toMatchObject([
      { state: 'waiting' },
      { state: 'waiting' },
    ]);
  });

  test('is one to somebody unseen for the window, and none to somebody who is there', async () => {
    await dieAfter(WINDOW_MS);
    await present(bob, 'bob');
    const carol = await hive.connect('carol');
    const beating = new AbortController();
    const living = (async () => {
      while (!beating.signal.aborted) {
        await present(carol, 'carol');
        await systemClock.sleep(50);
      }
    })();
    try {
      const swarm = await hive.services('swarm');
      await until('both were seen', async () => {
        const { beat: stream } = streamNames(project);
        return (await swarm.streams.subjects(stream, subjects.presence('*'))).size === 2;
      });
      const lively = await post(ann, 'ann', agent('carol'));
      const lost = await post(ann, 'ann', agent('bob'));
      await toldOf(lost);
      expect(await told()).toMatchObject({
        sender: [expect.stringMatching(/ to @bob: not seen for \d+s; /)],
      });
      expect(await letter(lost)).toMatchObject({ state: 'dead', why: 'unseen' });
      const since = (await letter(lively))?.since ?? 0;
      await until('three windows are over', () => systemClock.now() > since + 3 * WINDOW_MS);
      expect(await letter(lively)).toMatchObject({ state: 'waiting' });
      // What is delivered late settles it.
      await receive(bob, 'bob', lost, 'delivered');
      await stateIs(lost, undefined);
    } finally {
      beating.abort();
      await living;
    }
  });

  test('is made of nobody before a new leader has listened for the whole window', async () => {
    await present(bob, 'bob');
    const seq = await post(ann, 'ann', agent('bob'));
    await stateIs(seq, 'waiting');
    await dieAfter(4_000);
    await hive.stopOrchestrator();
    // What was heard before counts for nothing: not even the time that nobody listened.
    await systemClock.sleep(1_000);
    const startedAt = performance.now();
    await hive.startOrchestrator();
    await stateIs(seq, 'dead');
    expect(performance.now() - startedAt).toBeGreaterThan(3_900);
  });

  test('gets another chance by redelivery, and is done with where a copy goes', async () => {
    const seq = await post(ann, 'ann', agent('dora'));
    const other = await post(ann, 'ann', agent('eve'));
    await toldOf(other);
    const redeliver = (of: number, copy?: boolean) =>
      client.command({
        v: 1,
        kind: 'redeliver',
        id: randomId(),
        seq: of,
        ...(copy === undefined ? {} : { copy }),
      });
    expect(await redeliver(seq)).toMatchObject({ status: 'ok' });
    expect(await redeliver(other, true)).toMatchObject({ status: 'ok' });
    expect(await redeliver(other)).toMatchObject({ status: 'refused', code: 'mail-unknown' });
    expect(await letters()).toMatchObject([{ seq, state: 'waiting' }]);
    const dora = await hive.connect('dora');
    await receive(dora, 'dora', seq, 'delivered');
    await stateIs(seq, undefined);
  });
});

test('what concerns no letter makes no batch, and is not read again by every leader', async () => {
  const before = (await journalOf(client)).length;
  let last = 0;
  for (let n = 0; n < 50; n += 1) last = await post(ann, 'ann', { kind: 'topic', name: 'chat' });
  const consumed = () =>
    until('all is consumed', async () => {
      const { mail_seq } = await client.query<'status'>({ v: 1, kind: 'status' });
      return mail_seq >= last;
    });
  await consumed();
  expect(await journalOf(client)).toHaveLength(before);
  await client.command({ v: 1, kind: 'set_status', id: randomId(), text: 'here' });
  const { batch } = (await journalOf(client)).at(-1) ?? {};
  expect(batch?.mail_seq).toBeGreaterThanOrEqual(last);
  expect(await letters()).toEqual([]);
});

describe('a name', () => {
  const register = async (name: string, identity: string) => {
    const own = await hive.client(name);
    return await own.command({ v: 1, kind: 'register', id: randomId(), identity });
  };
  const people = async () => (await client.query<'people'>({ v: 1, kind: 'people' })).people;

  test('belongs to whoever registered it while they are there, and asking in vain does not keep it', async () => {
    expect(await register('ann', 'here')).toMatchObject({ status: 'ok' });
    expect(await register('ann', 'here')).toMatchObject({ status: 'ok' });
    await present(ann, 'ann', 'register');
    expect(await register('ann', 'there')).toMatchObject({
      status: 'refused',
      code: 'name-taken',
      message: 'agent name already registered: ann',
    });
    const own = await hive.client('ann');
    await own.command({ v: 1, kind: 'set_status', id: randomId(), text: 'reading', host: 'h' });
    expect(await people()).toMatchObject([{ name: 'ann', identity: 'here', status: 'reading', host: 'h' }]);
    await hive.restartOrchestrator();
    expect(await people()).toMatchObject([{ name: 'ann', identity: 'here', status: 'reading' }]);
  });

  test('of an agent is its place of work, until that agent leaves', async () => {
    const w1 = await hive.connect('w1');
    await sendClaim(w1, 'w1', claimBy('w1'));
    expect(await register('w1', 'shell')).toMatchObject({ code: 'name-taken' });
    expect(await register('w1', 'state:state')).toMatchObject({ status: 'ok' });
    await sendClaim(w1, 'w1', claimBy('w1', { number: 2, leaving: true }));
    beat(w1, 'w1', LEAVING);
    await w1.flush();
    await until('the name is free', async () => (await register('w1', 'shell')).status === 'ok');
  });
});

test('a journal that an older version may lead goes on without letters, and names wait for its format', async () => {
  await hive.stop();
  await setUp({ isEmpty: true });
  const [core, swarm] = [await hive.services('core'), await hive.services('swarm')];
  await ensureTopology({ core, swarm }, project);
  const first: Batch = {
    v: 1,
    id: randomId(),
    term: 1,
    at: systemClock.now(),
    mail_seq: 0,
    streams: {},
    events: [
      { type: 'genesis', genesis: 'old', project },
      { type: 'format', format: 2, by: 'orchestrator' },
      { type: 'led', leader: 'an-old-one', term: 1 },
    ],
  };
  await openJournal(core, project, systemClock).append(first, 0, new AbortController().signal);
  await hive.startOrchestrator();
  const seq = await post(ann, 'ann', agent('bbo'), { ack_within_ms: 1 });
  await until('it is consumed', async () => {
    const { mail_seq } = await client.query<'status'>({ v: 1, kind: 'status' });
    return mail_seq >= seq;
  });
  const answer = await client.command({ v: 1, kind: 'register', id: randomId(), identity: 'here' });
  expect(answer).toMatchObject({ status: 'refused', code: 'needs-format' });
  await expect(dieAfter(1_000)).rejects.toThrow('waggle format 3');
  expect(await letters()).toEqual([]);
  expect((await eventsOf(client)).filter(({ type }) => type.startsWith('letter'))).toEqual([]);
  expect(await client.command({ v: 1, kind: 'format', id: randomId(), to: 3 })).toMatchObject({
    status: 'ok',
  });
  const late = await post(ann, 'ann', agent('bbo'));
  await toldOf(late);
  expect((await letters()).map((one) => one.seq)).toEqual([late]);
});
