import { afterEach, expect, test } from 'vitest';
import type { Batch, ClaimAnswer, CommandAnswer } from '../../../../schemas/index.ts';
import { BatchStore } from '../../../../services/orchestrator/batch-store.ts';
import { LifeSigns } from '../../../../services/orchestrator/life-signs.ts';
import { Sightings } from '../../../../services/orchestrator/sightings.ts';
import { Writer } from '../../../../services/orchestrator/writer.ts';
import { leadEvents } from '../../../../shared/board/lead.ts';
import { createBoard } from '../../../../shared/board/state.ts';
import type { Journal } from '../../../../shared/bus/journal.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { silentLog } from '../../../../shared/log.ts';
import { randomId } from '../../../../shared/random.ts';
import { about, claimBy, grantOf, plain, until } from '../../../support/asking.ts';

/** A journal in memory whose acks the test gives. */
class HeldJournal implements Pick<Journal, 'append'> {
  readonly batches: Batch[] = [];
  #held: { batch: Batch; resolve: (seq: number) => void; reject: (error: Error) => void } | undefined;
  isHolding = false;

  append(batch: Batch): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#held = { batch, resolve, reject };
      if (!this.isHolding) this.ack();
    });
  }
  waits(): boolean {
    return this.#held !== undefined;
  }
  ack(): void {
    const held = this.#held;
    if (held === undefined) throw new Error('nothing to ack');
    this.#held = undefined;
    this.batches.push(held.batch);
    held.resolve(this.batches.length);
  }
  refuse(): void {
    this.#held?.reject(new WaggleError('journal-refused', { seq: 1 }));
  }
}

const ends: AbortController[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.abort();
});

function start(maxPayloadBytes = 1_000_000, clock = systemClock) {
  const journal = new HeldJournal();
  const board = createBoard();
  const end = new AbortController();
  ends.push(end);
  const position = { seq: 0, batch: undefined, at: 0, mail: { seq: 0 } };
  const store = new BatchStore({
    board,
    position,
    journal,
    randomId,
    maxPayloadBytes,
    streams: {},
    lastMail: () => undefined,
    onBatch: () => {},
  });
  const signs = new LifeSigns(systemClock);
  const sightings = new Sightings(clock);
  const options = { board, position, store, signs, sightings, clock, log: silentLog, maxPayloadBytes };
  const writer = new Writer(options);
  const first = leadEvents(board, { leader: 'l', project: 'p', genesis: 'g' });
  const over = writer.run(first, () => {}, end.signal);
  over.catch(() => undefined);
  return { journal, writer, board, sightings, over };
}

const addTo = (writer: Writer, id: string, body = '') =>
  new Promise<CommandAnswer>((resolve) => {
    const tasks = [plain(id, body === '' ? {} : { body })];
    writer.command('ada', { v: 1, kind: 'add', id: `add-${id}`, tasks }, resolve);
  });

test('nobody is answered before the ack, and what comes meanwhile shares the next batch', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  journal.isHolding = true;
  const answered: string[] = [];
  const say = (id: string) => addTo(writer, id).then(() => answered.push(id));
  const first = say('one');
  await until('it is appended', () => journal.waits());
  const rest = ['two', 'three', 'four'].map(say);
  expect(answered).toEqual([]);
  journal.ack();
  await first;
  await until('the rest is appended', () => journal.waits());
  expect(answered).toEqual(['one']);
  journal.ack();
  await Promise.all(rest);
  expect(journal.batches).toHaveLength(3);
});

test('journal time goes on while the clock, set right again, is behind it', async () => {
  let ahead = 3_600_000;
  const clock = { ...systemClock, now: () => systemClock.now() + ahead };
  const { journal, writer } = start(1_000_000, clock);
  await until('it leads', () => journal.batches.length === 1);
  const jumped = journal.batches[0]?.at ?? 0;
  ahead = 0;
  const at = () => journal.batches.at(-1)?.at ?? 0;
  await addTo(writer, 'one');
  expect(at()).toBeGreaterThanOrEqual(jumped);
  let n = 0;
  await until('time has passed', async () => {
    n += 1;
    await addTo(writer, `more-${n}`);
    return at() > jumped + 20;
  });
});

test('queries see acked state only', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  journal.isHolding = true;
  const adding = addTo(writer, 'one');
  await until('it is appended', () => journal.waits());
  let seen = -1;
  writer.query((board) => {
    seen = board.tasks.size;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toBe(-1);
  journal.ack();
  await adding;
  await until('the query was answered', () => seen >= 0);
  expect(seen).toBe(1);
});

test('when another batch stands there nobody is answered and the term ends', async () => {
  const { journal, writer, over } = start();
  await until('it leads', () => journal.batches.length === 1);
  journal.isHolding = true;
  let isAnswered = false;
  void addTo(writer, 'one').then(() => {
    isAnswered = true;
  });
  await until('it is appended', () => journal.waits());
  journal.refuse();
  await expect(over).rejects.toMatchObject({ code: 'journal-refused' });
  expect(isAnswered).toBe(false);
});

test('a batch that is cut says of each part how far MAIL is consumed with it', async () => {
  const { journal, writer } = start(16_384);
  await until('it leads', () => journal.batches.length === 1);
  const grants = await Promise.all(
    [1, 2, 3, 4].map(async (slot) => {
      await addTo(writer, `t-${slot}`);
      return new Promise<ReturnType<typeof grantOf>>((resolve) => {
        writer.claim('w', claimBy('w', { slot }), (answer) => resolve(grantOf(answer)));
      });
    }),
  );
  journal.isHolding = true;
  const blocker = addTo(writer, 'blocker');
  await until('it is appended', () => journal.waits());
  const before = journal.batches.length;
  // Four reports of 3 kB come as mails 10 to 13, with a mail that is no report behind them.
  const answers = grants.map(
    (grant, n) =>
      new Promise((resolve) => {
        const progress = { ...about(grant), kind: 'progress' as const, note: 'x'.repeat(3_000) };
        writer.report('w', progress, { seq: 10 + n }, resolve);
      }),
  );
  writer.pass({ seq: 14 });
  journal.isHolding = false;
  journal.ack();
  await Promise.all([blocker, ...answers]);
  const parts = journal.batches.slice(before + 1);
  expect(parts.length).toBeGreaterThan(1);
  let consumed = 10;
  for (const [index, { events, mail_seq }] of parts.entries()) {
    consumed += events.length;
    expect(mail_seq).toBe(index === parts.length - 1 ? 14 : consumed - 1);
  }
});

test('a claim waits for the mail it names, and is decided right after it', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  await addTo(writer, 'one');
  const answers: string[] = [];
  writer.claim('w', claimBy('w', { after_mail: 7, wait_ms: 5_000 }), ({ kind }) => answers.push(kind));
  await addTo(writer, 'two');
  writer.pass({ seq: 6 });
  await addTo(writer, 'three');
  expect(answers).toEqual([]);
  writer.pass({ seq: 7 });
  await until('it is answered', () => answers.length > 0);
  expect(answers).toEqual(['granted']);
});

test('mail that concerns nobody is consumed with the next batch, and wakes nobody', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  for (let seq = 1; seq < 5_000; seq += 1) writer.pass({ seq });
  expect(writer.mailSeq()).toBe(4_999);
  await new Promise((resolve) => setImmediate(resolve));
  expect(journal.batches).toHaveLength(1);
  await addTo(writer, 'one');
  expect(journal.batches.map(({ mail_seq }) => mail_seq)).toEqual([0, 4_999]);
});

test('after much mail that concerns nobody a batch says how far it is consumed', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  for (let seq = 1; seq <= 12_000; seq += 1) writer.pass({ seq });
  await until(
    'it is stored',
    () => journal.batches.at(-1)?.mail_seq === 12_000 || journal.batches.length > 1,
  );
  expect(journal.batches.at(-1)).toMatchObject({ events: [] });
  expect(journal.batches.at(-1)?.mail_seq).toBeGreaterThanOrEqual(5_000);
});

test('mail passed over behind a report is never consumed before it', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  await addTo(writer, 'one');
  const answer = await new Promise<ClaimAnswer>((resolve) => writer.claim('w', claimBy('w'), resolve));
  const told = new Promise((resolve) => {
    const progress = { ...about(grantOf(answer)), kind: 'progress' as const, note: 'on it' };
    writer.report('w', progress, { seq: 7 }, resolve);
  });
  writer.pass({ seq: 8 });
  expect(writer.mailSeq()).toBeLessThan(7);
  await told;
  expect(journal.batches.at(-1)).toMatchObject({ mail_seq: 8, events: [{ type: 'progressed' }] });
});

test("a letter comes due only once letters may, and by the journal's time", async () => {
  const { journal, writer, board, sightings } = start();
  await until('it leads', () => journal.batches.length === 1);
  sightings.known(['bob'], true);
  const mail = { v: 1, id: 'm', kind: 'message', at: 1, body: 'hi', ack_within_ms: 20 } as const;
  writer.mail({ seq: 3, from: 'ann', to: { kind: 'agent', name: 'bob' }, mail }, { seq: 3 });
  await until('it is watched', () => journal.batches.length === 2);
  const by = board.letters.watched.get(3)?.ack_by ?? 0;
  await until('its deadline has passed', () => systemClock.now() > by + 20);
  await addTo(writer, 'one');
  expect(board.letters.watched.has(3)).toBe(true);
  writer.beginLetters();
  await until('it is told', () => board.letters.told.get(3)?.state === 'overdue');
  await until('that is stored', () => journal.batches.at(-1)?.events[0]?.type === 'letter_overdue');
  expect(journal.batches.at(-1)?.at).toBeGreaterThanOrEqual(by);
});
