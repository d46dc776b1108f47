import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { WaggleError } from '../../shared/errors.ts';
import { createBusDesk } from '../../shared/mail/bus-desk.ts';
import { draftOf } from '../../shared/mail/draft.ts';
import { sequenceOf } from '../../shared/mail/record.ts';
import { storeId } from '../../shared/mail/store-id.ts';
import { randomId } from '../../shared/random.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';

let hive: TestHive;
beforeAll(async () => {
  hive = await startHive();
});
afterAll(() => hive.stop());

const topic = (name: string) => ({ target: { kind: 'topic', name } as const, limit: 0 });
const deskOn = (swarm: Bus, agent: string, clock = systemClock) =>
  createBusDesk({ swarm, project, agent, clock, randomId, identity: agent, host: 'box' });

/** Stores something under an id of the server's that is somebody else's to choose. */
async function takeId(id: string): Promise<void> {
  const eve = await hive.connect('eve');
  const payload = Buffer.from(JSON.stringify({ v: 1, id: 'e', kind: 'message', at: 0, body: 'x' }));
  const subject = subjectsOf(project).mail('eve', { kind: 'topic', name: 'eves' });
  await eve.append(subject, payload, { messageId: id, headers: { 'Content-Type': 'application/json' } });
}

test('an id of the server that a stranger has taken hides neither a mail nor a receipt', async () => {
  const ada = deskOn(await hive.connect('ada'), 'ada');
  const bob = deskOn(await hive.connect('bob'), 'bob');
  await takeId(storeId('ada', 'message', 'known'));
  const sent = await ada.send(draftOf({ to: '@bob', body: 'hello' }, 'known'));
  const seq = sequenceOf(sent);
  expect(await bob.read(seq)).toEqual(sent);
  await takeId(storeId('bob', 'receipt', `${seq}.acknowledged`));
  await bob.ack(seq);
  const { receipts } = await ada.trace(seq);
  expect(receipts.map(({ by, state }) => [by, state])).toContainEqual(['bob', 'acknowledged']);
});

test('a mail whose first try was lost on its way back is stored once, also minutes later', async () => {
  const swarm = await hive.connect('cleo');
  let isLost = true;
  const lossy: Bus = {
    ...swarm,
    streams: swarm.streams,
    isConnected: () => swarm.isConnected(),
    publish: (...args) => swarm.publish(...args),
    request: (...args) => swarm.request(...args),
    async append(...args) {
      const stored = await swarm.append(...args);
      if (isLost) throw new WaggleError('message-too-large', { bytes: 1, limit: 1 });
      return stored;
    },
  } as Bus;
  let shiftMs = 0;
  const clock = {
    ...systemClock,
    now: () => Date.now() + shiftMs,
    sleep: systemClock.sleep,
    monotonic: systemClock.monotonic,
  };
  const cleo = deskOn(lossy, 'cleo', clock as typeof systemClock);
  const draft = draftOf({ to: 'lost', body: 'once' }, randomId());
  await expect(cleo.send(draft)).rejects.toThrow();
  shiftMs = 300_000;
  const sent = await cleo.send(draft);
  isLost = false;
  expect(await cleo.send(draft)).toEqual(sent);
  expect((await cleo.log(topic('lost'))).records).toEqual([sent]);
});
