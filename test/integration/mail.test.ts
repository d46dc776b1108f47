import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Mail, StoredMail } from '../../schemas/index.ts';
import { type WatchOptions, watchMail } from '../../shared/bus/mail-watch.ts';
import { sendMail } from '../../shared/bus/mailbox.ts';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader, type Reader } from '../../shared/bus/read-client.ts';
import type { MailTarget } from '../../shared/bus/subjects.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import { silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import { until } from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';

let hive: TestHive;
let ada: Bus;
let bob: Bus;
let reader: Reader;
let topic: MailTarget;
let topics = 0;

beforeAll(async () => {
  hive = await startHive();
  ada = await hive.connect('ada');
  bob = await hive.connect('bob');
  reader = createReader(bob, project, 'bob');
});
beforeEach(async () => {
  topics += 1;
  topic = { kind: 'topic', name: `topic-${topics}` };
  // The test before may have killed the bus.
  await until(
    'everybody is back',
    async () => ada.isConnected() && (await reader.mail({ last: 0 }).catch(() => false)),
  );
});
afterAll(() => hive.stop());

const mail = (body: string): Mail => ({ v: 1, id: randomId(), kind: 'message', at: 1, body });
const send = (to: MailTarget, body: string, from = 'ada') =>
  sendMail(from === 'ada' ? ada : bob, project, from, to, mail(body));

/** Sends until MAIL has it, as senders with an outbox do; a repeated id is stored once. */
async function sendSurely(to: MailTarget, body: string): Promise<void> {
  const message = mail(body);
  await until('it is stored', () =>
    sendMail(ada, project, 'ada', to, message, 500).then(
      () => true,
      (error: unknown) => {
        if (!isWaggleError(error)) throw error;
        return false;
      },
    ),
  );
}

/** Follows mail in the background. */
function follow(options: WatchOptions, pause = 0, on = { bus: bob, reader }) {
  const end = new AbortController();
  const seen: StoredMail[] = [];
  const done = (async () => {
    for await (const one of watchMail(on.bus, project, on.reader, options, systemClock, end.signal)) {
      seen.push(one);
      if (pause > 0) await systemClock.sleep(pause);
    }
  })();
  return {
    seen,
    bodies: () => seen.map(({ mail: { body } }) => body),
    async stop() {
      end.abort();
      await done;
    },
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n));

describe('following', () => {
  test('yields what was, then what comes, each once and in order', async () => {
    for (const body of numbers(5)) await send(topic, body);
    const watching = follow({ target: topic, after: 0 });
    await until('the past is there', () => watching.seen.length === 5);
    for (const body of numbers(10).slice(5)) await send(topic, body);
    await until('the rest is there', () => watching.seen.length >= 10);
    await watching.stop();
    expect(watching.bodies()).toEqual(numbers(10));
    expect(watching.seen[0]).toMatchObject({ from: 'ada', to: topic });
  });

  test('begins behind the sequence it was given, and knows senders and all mail', async () => {
    const first = await send(topic, 'one');
    await send(topic, 'two', 'bob');
    const other: MailTarget = { kind: 'agent', name: 'bob' };
    const everything = follow({ after: first });
    const fromAda = follow({ after: first - 1, from: 'ada' });
    await send(other, 'three');
    await until('all came', () => everything.seen.length >= 2 && fromAda.seen.length >= 2);
    await Promise.all([everything.stop(), fromAda.stop()]);
    expect(everything.bodies()).toEqual(['two', 'three']);
    expect(fromAda.bodies()).toEqual(['one', 'three']);
    expect(everything.seen.map(({ to }) => to)).toEqual([topic, other]);
  });

  test('misses nothing and doubles nothing when the bus is killed and started again', async () => {
    const watching = follow({ target: topic, after: 0 });
    const sending = (async () => {
      for (const body of numbers(60)) await sendSurely(topic, body);
    })();
    await until('some came', () => watching.seen.length > 10);
    await hive.server.kill();
    await hive.server.restart();
    await until('more came', () => watching.seen.length > 30);
    await hive.server.kill();
    await hive.server.restart();
    await sending;
    await until('all came', () => watching.seen.length >= 60);
    await watching.stop();
    expect(watching.bodies()).toEqual(numbers(60));
  });

  test('goes on when the bus was away while it wanted to read', async () => {
    const watching = follow({ target: topic, after: 0 });
    await send(topic, 'before');
    await until('it came', () => watching.seen.length === 1);
    await hive.server.kill();
    // A second follower begins while nobody answers.
    const late = follow({ target: topic, after: 0 });
    await until('the bus is known to be away', () => !bob.isConnected());
    await hive.server.restart();
    await sendSurely(topic, 'after');
    await until('both have both', () => late.seen.length >= 2 && watching.seen.length >= 2);
    await Promise.all([late.stop(), watching.stop()]);
    expect(late.bodies()).toEqual(['before', 'after']);
    expect(watching.bodies()).toEqual(['before', 'after']);
  });

  test('a reader so slow that its connection drops what comes gets everything from the past', async () => {
    const login = hive.server.workerSwarm;
    const bus = await connectBus({
      account: 'swarm',
      urls: [login.url],
      user: login.user,
      password: login.password,
      name: 'slow',
      inboxPrefix: subjectsOf(project).inbox('slow', randomId(8)),
      log: silentLog,
      clock: systemClock,
      maxPendingMessages: 4,
    });
    try {
      const on = { bus, reader: createReader(bus, project, 'slow') };
      const watching = follow({ target: topic, after: 0 }, 1, on);
      await Promise.all(numbers(300).map((body) => send(topic, body)));
      await until('all came', () => watching.seen.length >= 300);
      await watching.stop();
      expect(new Set(watching.bodies()).size).toBe(300);
      expect(watching.seen).toHaveLength(300);
    } finally {
      await bus.close();
    }
  });

  test.each(['at once', 'once it waits'])(
    'ends with an error when its connection is closed for good, %s',
    async (when) => {
      await send(topic, 'one');
      const bus = await hive.connect('closing');
      let seen = 0;
      const watching = (async () => {
        const { signal } = new AbortController();
        const own = createReader(bus, project, 'closing');
        const options = { target: topic, after: 0 };
        for await (const _ of watchMail(bus, project, own, options, systemClock, signal)) seen += 1;
      })();
      const failed = expect(watching).rejects.toMatchObject({ code: 'bus-closed' });
      if (when !== 'at once') {
        await until('the past is there', () => seen === 1);
        await send(topic, 'two');
        await until('it follows', () => seen === 2);
      }
      await bus.close();
      await failed;
    },
  );
});

describe('the read service', () => {
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
    const bodies = async (query: Parameters<Reader['mail']>[0]) =>
      (await reader.mail(query)).mails.map(({ mail: { body } }) => body);
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
    const all = follow({ target: topic, after: 0 });
    await until('the end came', () => all.bodies().at(-1) === 'end');
    await all.stop();
    expect(all.bodies().map((body) => body?.slice(0, 3))).toEqual([
      ...numbers(9).map((n) => `${n}xx`),
      'end',
    ]);
    const { mails } = await reader.mail({ target: topic, last: 20 });
    expect(mails.at(-1)?.mail.body).toBe('end');
    expect(mails.length).toBeLessThan(11);
  });

  test('a stored message that is no mail counts as absent', async () => {
    const swarm = await hive.services('swarm');
    const first = await send(topic, 'before');
    await swarm.append(subjectsOf(project).mail('ada', topic), Buffer.from('garbage'));
    await send(topic, 'after');
    const page = await reader.mail({ target: topic, after: first - 1 });
    expect(page.mails.map(({ mail: { body } }) => body)).toEqual(['before', 'after']);
  });
});
