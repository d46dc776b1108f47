import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Mail, StoredMail } from '../../schemas/index.ts';
import { type WatchOptions, watchMail } from '../../shared/bus/mail-watch.ts';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader, type Reader } from '../../shared/bus/read-client.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import type { MailTarget } from '../../shared/bus/subjects.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import { silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import { until } from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { whileBusIsAway, whileNobodyLeads } from '../support/outages.ts';

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
async function sendSurely(to: MailTarget, body: string, from = 'ada'): Promise<void> {
  const message = mail(body);
  await until('it is stored', () =>
    sendMail(ada, project, from, to, message, 500).then(
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
  const lags: number[] = [];
  const done = (async () => {
    const watching = watchMail(on.bus, project, on.reader, options, systemClock, end.signal);
    for await (const { mail, lag } of watching) {
      seen.push(mail);
      lags.push(lag);
      if (pause > 0) await systemClock.sleep(pause);
    }
  })();
  return {
    seen,
    lags,
    bodies: () => seen.map(({ mail: { body } }) => body),
    async stop() {
      end.abort();
      await done;
    },
  };
}

const inOrder = (mails: readonly StoredMail[]) =>
  [...new Set(mails.map(({ seq }) => seq))].sort((a, b) => a - b);
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

  test('gives receipts only to those who ask for them, and knows families', async () => {
    const { last } = await reader.mail({ last: 0 });
    const everything = follow({ after: last });
    const topics = follow({ family: 'topic', after: last });
    const receipts = follow({ family: 'receipt', after: last });
    const first = await send(topic, 'one');
    const about = { kind: 'receipt', name: String(first) } as const;
    const ofFirst = follow({ target: about, after: last });
    const receipt: Mail = { ...mail(''), kind: 'receipt', receipt: { seq: first, state: 'read' } };
    await sendMail(bob, project, 'bob', about, receipt);
    await send({ kind: 'agent', name: 'bob' }, 'two');
    await send(topic, 'three');
    await until('all came', () => everything.seen.length >= 3 && topics.seen.length >= 2);
    await until('the receipts came', () => receipts.seen.length === 1 && ofFirst.seen.length === 1);
    await Promise.all([everything, topics, receipts, ofFirst].map((one) => one.stop()));
    expect(everything.bodies()).toEqual(['one', 'two', 'three']);
    expect(topics.bodies()).toEqual(['one', 'three']);
    expect(ofFirst.seen).toEqual(receipts.seen);
    expect(receipts.seen).toMatchObject([{ from: 'bob', to: about, mail: { receipt: { seq: first } } }]);
  });

  test('keeps the order of many senders while the bus is killed and started again', async () => {
    const all = follow({ after: (await reader.mail({ last: 0 })).last });
    const ofTopic = follow({ target: topic, after: 0 });
    const sending = Promise.all(
      numbers(5).map(async (sender) => {
        for (const body of numbers(40)) await sendSurely(topic, `${sender}:${body}`, `s${sender}`);
      }),
    );
    for (const kill of [40, 120]) {
      await until('some came', () => ofTopic.seen.length > kill);
      await hive.server.kill();
      await hive.server.restart();
    }
    await sending;
    await until('all came', () => ofTopic.seen.length >= 200 && all.seen.length >= 200);
    await Promise.all([all.stop(), ofTopic.stop()]);
    for (const { seen } of [all, ofTopic]) {
      expect(seen).toHaveLength(200);
      expect(seen.map(({ seq }) => seq)).toEqual(inOrder(seen));
    }
  });

  test('goes on with live mail while nobody reads the past for it', async () => {
    const watching = follow({ target: topic, after: 0 });
    await send(topic, 'one');
    await until('it came', () => watching.seen.length === 1);
    await whileNobodyLeads(hive, async () => {
      await send(topic, 'two');
      await until('the next came', () => watching.seen.length === 2);
    });
    await watching.stop();
    expect(watching.bodies()).toEqual(['one', 'two']);
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
    const late = await whileBusIsAway(hive, async () => {
      // A second follower begins while nobody answers.
      const second = follow({ target: topic, after: 0 });
      await until('the bus is known to be away', () => !bob.isConnected());
      return second;
    });
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
      const sender = (body: string) => `s${Number(body) % 5}`;
      await Promise.all(numbers(300).map((body) => sendMail(ada, project, sender(body), topic, mail(body))));
      await until('all came', () => watching.seen.length >= 300);
      await watching.stop();
      expect(watching.seen).toHaveLength(300);
      expect(watching.seen.map(({ seq }) => seq)).toEqual(inOrder(watching.seen));
      expect(watching.lags.at(-1)).toBe(0);
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
