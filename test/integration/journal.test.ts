import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Batch } from '../../schemas/index.ts';
import { encode } from '../../shared/bus/codec.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import {
  about,
  add,
  claimBy,
  grantOf,
  journalOf,
  plain,
  sendClaim,
  stateOf,
  until,
} from '../support/asking.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { type MoreOptions, project, startHive, type TestHive } from '../support/orchestrator.ts';

const journalSubject = subjectsOf(project).journal;
/** Of an orchestrator that a slow moment of this process does not cost its lead: terms are counted here. */
const patient: MoreOptions = { electionLeaseMs: 5_000 };

/** Each batch follows the one before it, and none stands twice. */
function expectChain(batches: readonly { seq: number; batch: Batch }[]): void {
  expect(batches.map(({ seq }) => seq)).toEqual(batches.map((_, index) => index + 1));
  const ids = batches.map(({ batch }) => batch.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(batches.map(({ batch }) => batch.predecessor)).toEqual([undefined, ...ids.slice(0, -1)]);
}

const leds = (batches: readonly { batch: Batch }[]) =>
  batches.flatMap(({ batch }) => batch.events.flatMap((event) => (event.type === 'led' ? [event.term] : [])));

describe('one orchestrator', () => {
  let hive: TestHive;
  beforeAll(async () => {
    hive = await startHive({ more: patient });
  });
  afterAll(() => hive.stop());

  test('200 commands at once share few batches, and every answer names its term and sequence', async () => {
    const client = await hive.client('operator');
    const before = (await journalOf(client)).length;
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        client.command({ v: 1, kind: 'add', id: `group-${n}`, tasks: [plain(`group-${n}`)] }),
      ),
    );
    const journal = await journalOf(client);
    expect(answers.map(({ status }) => status)).toEqual(Array(200).fill('ok'));
    expect(journal.length - before).toBeLessThan(40);
    for (const [n, { term, journal_seq }] of answers.entries()) {
      expect(term).toBe(1);
      const batch = journal[journal_seq - 1]?.batch;
      expect(batch?.events).toContainEqual(
        expect.objectContaining({ type: 'answered', command: `group-${n}` }),
      );
    }
  });

  test('after a restart the folded board answers as before, in a higher term', async () => {
    const client = await hive.client('operator');
    const worker = await hive.connect('w1');
    await add(client, plain('base'), plain('next', { deps: ['base'], priority: 'P0' }), plain('gone'));
    await client.command({ v: 1, kind: 'cancel', id: 'cancel-gone', task: 'gone', reason: 'not needed' });
    const grant = grantOf(await sendClaim(worker, 'w1', claimBy('w1')));
    const ask = async () => {
      const { term, journal_seq, tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks' });
      const { grants, states, ready, config } = await client.query<'status'>({ v: 1, kind: 'status' });
      const explained = await client.query<'explain'>({ v: 1, kind: 'explain', id: 'next' });
      return { term, journal_seq, board: { tasks, grants, states, ready, config, why: explained.reasons } };
    };
    const before = await ask();
    expect(before.board.grants).toMatchObject([{ fence: grant.fence, agent: 'w1' }]);
    await hive.restartOrchestrator();
    const after = await ask();
    expect(after.board).toEqual(before.board);
    expect(after.term).toBe(before.term + 1);
    expect(after.journal_seq).toBeGreaterThan(before.journal_seq);
    expectChain(await journalOf(client));
  });

  test('a bus that is killed and started again under load loses no command and stores none twice', async () => {
    const client = await hive.client('operator');
    const name = (n: number) => `killed-${n}`;
    const answers = Array.from({ length: 120 }, async (_, n) => {
      await systemClock.sleep(n * 5);
      return client.command({ v: 1, kind: 'add', id: name(n), tasks: [plain(name(n))] });
    });
    for (let round = 0; round < 2; round += 1) {
      await systemClock.sleep(120);
      await hive.server.kill();
      await hive.server.restart();
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(120).fill('ok'));
    const journal = await journalOf(client);
    expectChain(journal);
    const added = journal.flatMap(({ batch }) =>
      batch.events.flatMap((event) => (event.type === 'task_added' ? [event.task.id] : [])),
    );
    expect(added.filter((id) => id.startsWith('killed-')).toSorted()).toEqual(
      Array.from({ length: 120 }, (_, n) => name(n)).toSorted(),
    );
  });

  test('a bus that stands still for longer than an append waits answers late, and stores the batch once', async () => {
    const client = await hive.client('operator');
    const before = await journalOf(client);
    process.kill(hive.server.pid, 'SIGSTOP');
    const answer = client.command({ v: 1, kind: 'add', id: 'still', tasks: [plain('still')] });
    try {
      await systemClock.sleep(3_300);
    } finally {
      process.kill(hive.server.pid, 'SIGCONT');
    }
    expect((await answer).status).toBe('ok');
    const journal = await journalOf(client);
    expectChain(journal);
    // The lead ran out meanwhile; whoever leads now found the batch, or stored it.
    expect(leds(journal)).toEqual([...leds(before), (leds(before).at(-1) ?? 0) + 1]);
    const answers = journal.flatMap(({ batch }) =>
      batch.events.filter((event) => event.type === 'answered' && event.command === 'still'),
    );
    expect(answers).toHaveLength(1);
  });
});

/** An election in which everybody wins: then only the journal stands between two leaders. */
const everybodyWins: MoreOptions['elect'] = async ({ clock }, lead, signal) => {
  while (!signal.aborted) {
    await lead(signal, () => true).catch(() => undefined);
    await clock.sleep(200, signal).catch(() => undefined);
  }
};

test('of two orchestrators that write at once only acked decisions are answered, and the journal stays one chain', async () => {
  const hive = await startHive({ more: { elect: everybodyWins } });
  const rival = await hive.addOrchestrator();
  try {
    const clients = await Promise.all(Array.from({ length: 4 }, (_, n) => hive.client(`agent-${n}`)));
    const answers = await Promise.all(
      clients.flatMap((client, c) =>
        Array.from({ length: 25 }, async (_, n) => {
          await systemClock.sleep(n * 40);
          const id = `two-${c}-${n}`;
          return client.command({ v: 1, kind: 'add', id, tasks: [plain(id)] });
        }),
      ),
    );
    const [client] = clients;
    if (client === undefined) throw new Error('no client');
    await until('the rival to have led', async () => rival.terms.length > 0);
    await rival.stop();
    // Whoever still leads folds what the other wrote.
    await until('every task stands on the board', async () => {
      const { total } = await client.query<'counts'>({ v: 1, kind: 'counts' });
      return total === 100;
    });
    const journal = await journalOf(client);
    expectChain(journal);
    const all = leds(journal);
    expect(all).toEqual(all.map((_, index) => index + 1));
    const stored = journal.flatMap(({ seq, batch }) =>
      batch.events.flatMap((event) =>
        event.type === 'answered' ? [{ id: event.command, term: batch.term, seq }] : [],
      ),
    );
    expect(new Set(stored.map(({ id }) => id)).size).toBe(100);
    expect(stored).toHaveLength(100);
    // An answer speaks of a batch that stands, or, for a repeated command, of one that stood already.
    for (const { id, status, journal_seq } of answers) {
      expect(status).toBe('ok');
      expect(journal_seq).toBeGreaterThanOrEqual(stored.find((one) => one.id === id)?.seq ?? Infinity);
    }
  } finally {
    await hive.stop();
  }
});

describe('a small message limit', () => {
  let hive: TestHive;
  const limit = 32_768;
  beforeAll(async () => {
    const server = await startNatsServer({ maxPayloadBytes: limit });
    hive = await startHive({ server, more: patient });
  });
  afterAll(() => hive.stop());

  test('a batch that would not fit a message is cut, and nothing of it is lost', async () => {
    const client = await hive.client('operator');
    const body = 'x'.repeat(5_000);
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) =>
        client.command({ v: 1, kind: 'add', id: `cut-${n}`, tasks: [plain(`cut-${n}`, { body })] }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(24).fill('ok'));
    const journal = await journalOf(client);
    expectChain(journal);
    for (const { batch } of journal) expect(encode('Batch', batch).payload.byteLength).toBeLessThan(limit);
    // At least one turn held more than one batch can: 24 tasks of 5 kB came at once.
    expect(Math.max(...journal.map(({ batch }) => batch.events.length))).toBeGreaterThan(2);
  });

  test('an add that is too large by itself is refused by name, and the swarm goes on', async () => {
    const client = await hive.client('operator');
    const tasks = Array.from({ length: 5 }, (_, n) => plain(`large-${n}`, { body: 'x'.repeat(5_800) }));
    const answer = await client.command({ v: 1, kind: 'add', id: 'large', tasks });
    expect(answer).toMatchObject({ status: 'refused', code: 'too-large' });
    await add(client, plain('small'));
    expect(leds(await journalOf(client))).toEqual([1]);
  });

  test('an answer that does not fit a message is refused by name, and ends no term', async () => {
    const client = await hive.client('operator');
    const asked = client.query<'tasks'>({ v: 1, kind: 'tasks' });
    await expect(asked).rejects.toThrow(/the answer has \d+ bytes, more than a message may have/);
    const { term, refused } = await client.query<'status'>({ v: 1, kind: 'status' });
    expect([term, refused]).toEqual([1, { query: 1 }]);
  });

  test('what follows from one command may fill several batches: 400 dependents are blocked with it', async () => {
    const client = await hive.client('operator');
    await add(client, plain('root'));
    for (let from = 0; from < 400; from += 50) {
      const tasks = Array.from({ length: 50 }, (_, n) => plain(`leaf-${from + n}`, { deps: ['root'] }));
      await add(client, ...tasks);
    }
    const answer = await client.command({ v: 1, kind: 'cancel', id: 'cancel-root', task: 'root' });
    expect(answer.message ?? answer.status).toBe('ok');
    const blocked = async () => (await client.query<'counts'>({ v: 1, kind: 'counts' })).states['blocked'];
    expect(await blocked()).toBe(400);
    const journal = await journalOf(client);
    expectChain(journal);
    expect(leds(journal)).toEqual([1]);
    await hive.restartOrchestrator();
    expect(await blocked()).toBe(400);
  });

  test('a report too large to be stored is refused and consumed, and ends no term', async () => {
    const client = await hive.client('operator');
    const worker = await hive.connect('w1');
    await add(client, plain('reported', { priority: 'P0' }));
    const grant = grantOf(await sendClaim(worker, 'w1', claimBy('w1')));
    const evidence = Array.from({ length: 4 }, (_, n) => ({
      gate: `VG-${n}`,
      status: 'green' as const,
      duration_ms: 1,
      tail: 'x'.repeat(6_000),
    }));
    const answer = await sendClaim(worker, 'w1', {
      ...claimBy('w1', { number: 2, holds: [grant.fence] }),
      report: { ...about(grant), kind: 'done', outcome: 'completed', evidence },
    });
    expect(answer.report).toMatchObject({ status: 'refused', code: 'too-large' });
    expect(await stateOf(client, 'reported')).toBe('claimed');
  });
});

describe('a journal that nobody may lead on', () => {
  const batch = (more: Partial<Batch>): Batch => ({
    v: 1,
    id: 'foreign',
    term: 9,
    at: 1,
    mail_seq: 0,
    streams: {},
    events: [],
    ...more,
  });

  async function startOn(payload: (last: string) => Uint8Array): Promise<unknown> {
    const hive = await startHive({ more: patient });
    try {
      const client = await hive.client('operator');
      const last = (await journalOf(client)).at(-1)?.batch.id ?? '';
      await hive.stopOrchestrator();
      const core = await hive.services('core');
      await core.append(journalSubject, payload(last), {
        headers: { 'Content-Type': 'application/msgpack' },
      });
      return await hive.startOrchestrator().then(
        () => 'it leads',
        (error: unknown) => error,
      );
    } finally {
      await hive.stop().catch(() => undefined);
    }
  }

  test('a batch that does not follow the one before it', async () => {
    const error = await startOn(() => encode('Batch', batch({ predecessor: 'another' })).payload);
    expect(error).toMatchObject({ code: 'journal-unreadable' });
    expect(String(error)).toMatch(
      /journal message 2 cannot be read: it follows batch another, but \w+ stands/,
    );
  });

  test('an event of a newer version', async () => {
    const events = [{ type: 'task_teleported', task: 'x' }] as unknown as Batch['events'];
    const error = await startOn((predecessor) => encode('Batch', batch({ predecessor, events })).payload);
    expect(String(error)).toMatch(/journal message 2 cannot be read: events.0: .*task_teleported/);
  });

  test('bytes that are no batch', async () => {
    const error = await startOn(() => Buffer.from('garbage'));
    expect(error).toMatchObject({ code: 'journal-unreadable' });
  });
});
