import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileRef } from '../../schemas/index.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { isWaggleError, WaggleError } from '../../shared/errors.ts';
import { createBusDesk } from '../../shared/mail/bus-desk.ts';
import type { MailDesk } from '../../shared/mail/desk.ts';
import { draftOf } from '../../shared/mail/draft.ts';
import { randomId } from '../../shared/random.ts';
import { until } from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { whileBusIsAway, whileNobodyLeads } from '../support/outages.ts';

let hive: TestHive;
beforeAll(async () => {
  hive = await startHive();
});
afterAll(() => hive.stop());

let made = 0;
async function open(clock: Clock = systemClock): Promise<{ desk: MailDesk; swarm: Bus; agent: string }> {
  made += 1;
  const agent = `agent-${made}`;
  const swarm = await hive.connect(agent);
  const options = { swarm, project, agent, clock, randomId, identity: agent, host: 'here' };
  return { desk: createBusDesk(options), swarm, agent };
}

const draft = (to: string, body: string) => draftOf({ to, body }, randomId());
/** Its time goes by a hundred times as fast, so that patience ends soon. */
const hasty: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 100 };

describe('while the bus is away', () => {
  it('a send waits, stores one copy when it is back, and gives the id', async () => {
    const { desk, swarm } = await open();
    const short = draft('outage', 'short');
    const { sending, again, long } = await whileBusIsAway(hive, async () => {
      await until('the connection is lost', () => !swarm.isConnected());
      return {
        sending: desk.send(short),
        again: desk.send(short),
        long: desk.send(draft('outage', 'long '.repeat(50_000))),
      };
    });
    expect(await again).toEqual(await sending);
    await long;
    const target = { kind: 'topic', name: 'outage' } as const;
    const { records } = await until('the log can be read', () =>
      desk.log({ target, limit: 0 }).catch(() => undefined),
    );
    expect(records.map(({ body }) => String(body).slice(0, 5)).sort()).toEqual(['long ', 'short']);
    expect(records).toContainEqual(await sending);
  });

  it('a send ends when its signal aborts, or when it has waited long enough', async () => {
    const [{ desk, swarm }, { desk: impatient }] = [await open(), await open(hasty)];
    await whileBusIsAway(hive, async () => {
      await until('the connection is lost', () => !swarm.isConnected());
      const end = new AbortController();
      const sending = desk.send(draft('outage', 'x'), end.signal);
      end.abort(new Error('enough'));
      await expect(sending).rejects.toThrow('enough');
      await expect(impatient.send(draft('outage', 'y'))).rejects.toMatchObject({ code: 'bus-closed' });
      await expect(impatient.log({ limit: 1 })).rejects.toMatchObject({ code: 'bus-closed' });
    });
    await until('it is back', () => swarm.isConnected());
  });

  it('nobody who answers is an error that says so, after a while', async () => {
    const { desk, swarm, agent } = await open(hasty);
    await whileNobodyLeads(hive, async () => {
      // The server hears a moment later that the connection which served is gone.
      const read = subjectsOf(project).request('read', agent);
      const isUnserved = () =>
        swarm.request(read, new Uint8Array(), { timeoutMs: 100 }).then(
          () => false,
          (error: unknown) => isWaggleError(error, 'no-responder'),
        );
      await until('the server knows that nobody serves', isUnserved);
      const asks = [() => desk.log({ limit: 1 }), () => desk.topics(), () => desk.who(), () => desk.status()];
      for (const ask of asks) {
        await expect(ask()).rejects.toMatchObject({ code: 'no-responder', retryable: true });
      }
      // Sending needs nobody but the bus.
      expect(await desk.send(draft('outage', 'z'))).toMatchObject({ body: 'z' });
    });
  });

  it('a receipt that could not be told is told when the mail is handed over again', async () => {
    const [ada, bob] = [await open(), await open()];
    await bob.desk.setStatus('here');
    const seq = Number((await ada.desk.send(draft(`@${bob.agent}`, 'hi'))).id.split('-')[2]);
    const target = { kind: 'agent', name: bob.agent } as const;
    // Its receipts go nowhere.
    const gone = await hive.connect(bob.agent);
    const append = () => Promise.reject(new WaggleError('bus-closed', { reason: 'closed' }));
    const swarm = { ...gone, append };
    const options = { swarm, project, agent: bob.agent, clock: systemClock, randomId };
    const lost = createBusDesk({ ...options, identity: bob.agent, host: '' });
    await lost.log({ target, limit: 1 });
    await lost.close();
    expect((await ada.desk.trace(seq)).receipts).toEqual([]);
    await bob.desk.log({ target, limit: 1 });
    await bob.desk.close();
    expect((await ada.desk.trace(seq)).receipts).toMatchObject([{ by: bob.agent, state: 'delivered' }]);
  });
});

describe('a body that cannot be had', () => {
  const post = async (file: FileRef) => {
    const { swarm, agent, desk } = await open();
    const to = { kind: 'topic', name: 'bodies' } as const;
    const mail = { v: 1, id: randomId(), kind: 'message', at: 1, body_file: file } as const;
    await sendMail(swarm, project, agent, to, mail);
    return desk;
  };
  const bodies = async (desk: MailDesk) =>
    (await desk.log({ target: { kind: 'topic', name: 'bodies' }, limit: 1 })).records.map(({ body }) => body);
  const sha256 = createHash('sha256').update('what it should be').digest('hex');

  it('stands as a word in its place when it is gone', async () => {
    const desk = await post({ owner: 'ada', sha256, size_bytes: 70_000, chunks: 1 });
    expect(await bodies(desk)).toEqual(['[the body of this message (70000 bytes) is not stored any more]']);
    await desk.send(draft('bodies', 'after it'));
    expect(await bodies(desk)).toEqual(['after it']);
  });

  it('is not taken for another that stands there', async () => {
    const { swarm } = await open();
    await swarm.append(subjectsOf(project).file('eve', sha256, 0), Buffer.from('something else'));
    const desk = await post({ owner: 'eve', sha256, size_bytes: 17, chunks: 1 });
    expect(await bodies(desk)).toEqual([
      '[the body of this message (17 bytes) is damaged: it is not what was sent]',
    ]);
  });

  it('is not fetched when it is longer than any mail, or made of too many pieces', async () => {
    const huge = await post({ owner: 'ada', sha256, size_bytes: 10 ** 12, chunks: 2_000_000 });
    expect(await bodies(huge)).toEqual(['[a body of 1000000000000 bytes: longer than a message may be]']);
    const pieces = await post({ owner: 'ada', sha256, size_bytes: 70_000, chunks: 1_000_000 });
    expect(String(await bodies(pieces))).toContain('[a body of 70000 bytes');
  });
});
