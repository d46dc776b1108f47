import { describe, expect, test } from 'vitest';
import type { Claim, ClaimAnswer } from '../../../../schemas/index.ts';
import { takeMail } from '../../../../services/orchestrator/mail-intake.ts';
import { Refusals } from '../../../../services/orchestrator/refusals.ts';
import { encode } from '../../../../shared/bus/codec.ts';
import type { Bus } from '../../../../shared/bus/port.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLog } from '../../../../shared/log.ts';
import { about, claimBy, done, grantOf, until } from '../../../support/asking.ts';
import { addTo, start } from '../../../support/held-writer.ts';

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

describe('a claim that brings the end of a run, and names a mail', () => {
  /** A grant of `one`, and the next claim of its holder, which ends it; its word of progress is to come as mail 7. */
  async function ending() {
    const { journal, writer } = start();
    await until('it leads', () => journal.batches.length === 1);
    await addTo(writer, 'one');
    const ask = (more: Partial<Claim>) =>
      new Promise<ClaimAnswer>((resolve) => writer.claim('w', claimBy('w', more), resolve));
    const grant = grantOf(await ask({}));
    const word = { ...about(grant, 'word'), kind: 'progress' as const, note: 'half' };
    const types = () => journal.batches.flatMap(({ events }) => events.map(({ type }) => type));
    const claim = { number: 2, report: done(grant), after_mail: 7 };
    return { journal, writer, ask, word, types, claim };
  }

  test('has it decided after that mail', async () => {
    const { writer, ask, word, types, claim } = await ending();
    const asked = ask({ ...claim, wait_ms: 5_000 });
    await until('it waits', () => writer.awaitedMails().length > 0);
    expect(types()).not.toContain('grant_ended');
    writer.report('w', word, { seq: 7 }, () => {});
    expect(await asked).toMatchObject({ kind: 'nothing', report: { status: 'accepted' } });
    expect(types().filter((type) => type === 'progressed' || type === 'grant_ended')).toEqual([
      'progressed',
      'grant_ended',
    ]);
  });

  test('is answered without a word of it when the mail does not come, and it counts with the next one', async () => {
    const { writer, ask, types, claim } = await ending();
    const early = await ask({ ...claim, wait_ms: 0 });
    expect(early.kind).toBe('nothing');
    expect(early.report).toBeUndefined();
    expect(types()).not.toContain('grant_ended');
    writer.pass({ seq: 7 });
    expect(await ask({ ...claim, number: 3 })).toMatchObject({ report: { status: 'accepted' } });
  });

  test('is decided in its newest copy alone: nothing is granted to one that nobody listens to', async () => {
    const { journal, writer, ask, word, types, claim } = await ending();
    const copy = () => ask({ ...claim, wait_ms: 5_000 });
    void copy();
    await until('it waits', () => writer.awaitedMails().length > 0);
    journal.isHolding = true;
    writer.report('w', { ...word, id: 'earlier', note: 'a third' }, { seq: 6 }, () => {});
    await until('a batch is under way', () => journal.waits());
    // All in the next turn: its mail, the claim again, and work behind both.
    writer.report('w', word, { seq: 7 }, () => {});
    const again = copy();
    const work = addTo(writer, 'two');
    journal.isHolding = false;
    journal.ack();
    expect(await again).toMatchObject({ kind: 'nothing', report: { status: 'accepted' } });
    await work;
    expect(types().filter((type) => type === 'granted')).toHaveLength(1);
  });

  test('has nothing decided when a newer claim has made it void', async () => {
    const { writer, ask, types, claim } = await ending();
    void ask({ ...claim, number: 3, wait_ms: 5_000 });
    await until('it waits', () => writer.awaitedMails().length > 0);
    expect(await ask(claim)).toMatchObject({ kind: 'refused', code: 'voided' });
    expect(types()).not.toContain('grant_ended');
  });
});

test('a void claim whose report fits no batch stores none', async () => {
  const { journal, writer } = start(16_384);
  await until('it leads', () => journal.batches.length === 1);
  await addTo(writer, 'one');
  const ask = (more: Partial<Claim>) =>
    new Promise<ClaimAnswer>((resolve) => writer.claim('w', claimBy('w', more), resolve));
  const grant = grantOf(await ask({ number: 2 }));
  const before = journal.batches.length;
  const report = { ...about(grant), kind: 'progress' as const, note: 'x'.repeat(20_000) };
  expect(await ask({ report })).toMatchObject({ kind: 'refused', code: 'voided' });
  expect(journal.batches).toHaveLength(before);
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

test('mail that leads to nothing is consumed by a batch of its own too, and such batches are few', async () => {
  const { journal, writer, board } = start();
  await until('it leads', () => journal.batches.length === 1);
  board.format = 2;
  const mail = { v: 1, id: 'm', kind: 'message', at: 1, body: 'hi' } as const;
  for (let seq = 1; seq <= 11_000; seq += 1) {
    // The 5,000th and the 10,000th are not passed over.
    if (seq % 2 === 0) writer.mail({ seq, from: 'ann', to: { kind: 'agent', name: 'bob' }, mail }, { seq });
    else writer.pass({ seq });
    if (seq % 100 === 0) await until('it is taken', () => !writer.isBusy());
  }
  await until('all is decided', () => writer.mailSeq() === 11_000);
  expect(journal.batches).toHaveLength(3);
  expect(journal.batches.at(-1)?.mail_seq).toBeGreaterThanOrEqual(10_000);
});

test('a claim whose mail is lost is decided in its turn, also where there is no work', async () => {
  const { journal, writer, board } = start();
  await until('it leads', () => journal.batches.length === 1);
  writer.claim('w', claimBy('w', { after_mail: 7, wait_ms: 5_000 }), () => {});
  await until('it waits', () => writer.awaitedMails().length > 0);
  expect(board.agents.has('w')).toBe(false);
  writer.giveUpMails([7]);
  await until('its asker is seen', () => board.agents.has('w'));
  expect(writer.awaitedMails()).toEqual([]);
  expect(writer.waitingCounts()).toEqual({ task: 1, commit: 0 });
});

test('once nobody waits for it any more, a mail that never came makes no other one wake anybody', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  writer.claim('w', claimBy('w', { after_mail: 1_000, wait_ms: 5_000 }), () => {});
  await until('it waits', () => writer.awaitedMails().length > 0);
  // A later claim of that slot takes its place.
  writer.claim('w', claimBy('w', { number: 2, wait_ms: 5_000 }), () => {});
  await until('none waits for a mail', () => writer.awaitedMails().length === 0);
  writer.pass({ seq: 1 });
  await until('it is consumed', () => writer.mailSeq() === 1);
  let woken = 0;
  writer.query(() => {
    woken += 1;
  });
  await until('it turned', () => woken === 1);
  for (let seq = 2; seq < 3_000; seq += 1) writer.pass({ seq });
  expect(writer.isBusy()).toBe(false);
});

test('one that leaves is answered as soon as the mail before it is decided', async () => {
  const { journal, writer } = start();
  await until('it leads', () => journal.batches.length === 1);
  const leaving = { leaving: true as const, wait_ms: 60_000 };
  const ask = (more: Partial<Claim>) =>
    new Promise<ClaimAnswer>((resolve) => writer.claim('w', claimBy('w', { ...leaving, ...more }), resolve));
  expect(await ask({})).toMatchObject({ kind: 'nothing' });
  let isAnswered = false;
  const asked = ask({ number: 2, after_mail: 5 }).finally(() => {
    isAnswered = true;
  });
  await until('it waits', () => writer.awaitedMails().length > 0);
  expect(isAnswered).toBe(false);
  writer.pass({ seq: 5 });
  expect(await asked).toMatchObject({ kind: 'nothing' });
});

test('an acknowledgement that waits is decided before its letter is called overdue', async () => {
  let ahead = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + ahead };
  const { journal, writer, board } = start(1_000_000, clock);
  await until('it leads', () => journal.batches.length === 1);
  writer.mailIsRead(systemClock.now() + 2 * 3_600_000);
  const mail = { v: 1, id: 'm', kind: 'message', at: 1, body: 'hi', ack_within_ms: 600_000 } as const;
  writer.mail({ seq: 1, from: 'ann', to: { kind: 'topic', name: 'news' }, mail }, { seq: 1 });
  await until('it is watched', () => board.letters.watched.has(1));
  const by = board.letters.watched.get(1)?.ack_by ?? Number.POSITIVE_INFINITY;
  journal.isHolding = true;
  void addTo(writer, 'one');
  await until('it is appended', () => journal.waits());
  for (let n = 0; n < 2_000; n += 1) void addTo(writer, `t-${n}`);
  const receipt = { seq: 1, state: 'acknowledged' } as const;
  const ack = { v: 1, id: 'r', kind: 'receipt', at: 1, receipt } as const;
  writer.mail({ seq: 2, from: 'bob', to: { kind: 'receipt', name: '1' }, mail: ack }, { seq: 2 });
  ahead = 3_600_000;
  expect(clock.now()).toBeGreaterThan(by);
  journal.isHolding = false;
  journal.ack();
  const settled = () => journal.batches.flatMap(({ events }) => events.map(({ type }) => type));
  await until('it is settled', () => settled().includes('letter_settled'));
  expect(settled()).not.toContain('letter_overdue');
});

test('of much mail no more is read than the writer takes, and who claims waits behind little of it', async () => {
  const { journal, writer, sightings } = start();
  await until('it leads', () => journal.batches.length === 1);
  const COUNT = 5_000;
  let read = 0;
  async function* flood() {
    for (let seq = 1; seq <= COUNT; seq += 1) {
      read = seq;
      const mail = { v: 1, id: `m${seq}`, kind: 'message', at: 1, body: 'hi' } as const;
      yield { seq, at: 1, subject: `wg.p.mail.a${seq}.agent.bob`, ...encode('Mail', mail, 'json') };
    }
  }
  const swarm = { streams: { read: flood } } as unknown as Bus;
  const refusals = new Refusals(silentLog);
  const intake = { swarm, project: 'p', writer, sightings, refusals, log: silentLog, clock: systemClock };
  journal.isHolding = true;
  const taking = takeMail({ ...intake, after: 0 }, new AbortController().signal);
  await until('a batch is appended', () => journal.waits());
  await until('the next turn is full', () => writer.isBusy());
  const before = read;
  expect(before).toBeLessThan(2 * 512 + 2);
  const claimed = new Promise<ClaimAnswer>((resolve) => writer.claim('w', claimBy('w'), resolve));
  journal.isHolding = false;
  journal.ack();
  await claimed;
  expect(journal.batches.at(-1)?.mail_seq).toBeLessThanOrEqual(before + 512);
  await taking;
  await until('all is consumed', () => journal.batches.at(-1)?.mail_seq === COUNT);
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

test("a letter comes due only once MAIL is read up to its time, and by the journal's time", async () => {
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
  expect(writer.wantsMailRead()).toBeGreaterThan(by);
  writer.mailIsRead(by - 1);
  await addTo(writer, 'two');
  expect(board.letters.watched.has(3)).toBe(true);
  expect(writer.wantsMailRead()).toBeGreaterThan(by);
  writer.mailIsRead(by);
  await until('it is told', () => board.letters.told.get(3)?.state === 'overdue');
  await until('that is stored', () => journal.batches.at(-1)?.events[0]?.type === 'letter_overdue');
  expect(journal.batches.at(-1)?.at).toBeGreaterThanOrEqual(by);
  expect(writer.wantsMailRead()).toBeUndefined();
});
