import { describe, expect, it } from 'vitest';
import type { Letter, StoredMail } from '../../../../schemas/index.ts';
import { lettersOf, type Sighting } from '../../../../shared/board/decide-letters.ts';
import { evolve } from '../../../../shared/board/evolve.ts';
import { TOLD_KEPT, WATCHED_KEPT } from '../../../../shared/board/letters.ts';
import { fromImage, imageOf, partsOf, toImage } from '../../../../shared/board/snapshot.ts';
import { observable } from '../../../../shared/board/state.ts';
import { createDriver, type Driver, fold } from './board-driver.ts';

const AT = 1_700_000_000_000;
const WINDOW = 600_000;
const here: Sighting = { isKnown: true, silentMs: 0 };
const stranger: Sighting = { isKnown: false, silentMs: 5_000 };
const gone: Sighting = { isKnown: true, silentMs: 9_000_000 };

const to = (name: string): StoredMail['to'] =>
  name.startsWith('#') ? { kind: 'topic', name: name.slice(1) } : { kind: 'agent', name };

const mail = (
  seq: number,
  from: string,
  name: string,
  more: Partial<StoredMail['mail']> = {},
): StoredMail => ({
  seq,
  from,
  to: to(name),
  mail: { v: 1, id: `m${seq}`, kind: 'message', at: AT, body: 'hi', ...more },
});

const receipt = (of: number, by: string, state: 'delivered' | 'read' | 'acknowledged'): StoredMail => ({
  seq: 1_000_000 + of,
  from: by,
  to: { kind: 'receipt', name: String(of) },
  mail: { v: 1, id: `r${of}${state}`, kind: 'receipt', at: AT, receipt: { seq: of, state } },
});

const kinds = (events: readonly { type: string }[]) => events.map(({ type }) => type);
const letters = (driver: Driver): Letter[] => lettersOf(driver.board, {});
const states = (driver: Driver) => Object.fromEntries(letters(driver).map(({ seq, state }) => [seq, state]));

describe('a mail becomes a letter', () => {
  it.each([
    ['to an agent', mail(1, 'ann', 'bob'), true],
    ['to a topic, with an acknowledgement wanted', mail(1, 'ann', '#task', { ack_within_ms: 5 }), true],
    ['to the orchestrator, with one wanted', mail(1, 'ann', 'orchestrator', { ack_within_ms: 5 }), true],
    ['to a topic', mail(1, 'ann', '#task'), false],
    ['to the orchestrator', mail(1, 'ann', 'orchestrator'), false],
    ['of the orchestrator', mail(1, 'orchestrator', 'bob', { ack_within_ms: 5 }), false],
    ['to oneself', mail(1, 'ann', 'ann', { ack_within_ms: 5 }), false],
    ['that is a notice', mail(1, 'ann', 'bob', { kind: 'notice' }), false],
    ['that is a report', mail(1, 'ann', 'bob', { kind: 'report' }), false],
  ])('%s', (_, stored, isLetter) => {
    const driver = createDriver();
    expect(kinds(driver.mail(stored, here))).toEqual(isLetter ? ['letter_posted'] : []);
    expect(driver.mail(stored, here)).toEqual([]);
    expect(letters(driver)).toHaveLength(isLetter ? 1 : 0);
  });

  it('with its deadline in journal time, however far that is', () => {
    const driver = createDriver();
    driver.mail(mail(1, 'ann', 'bob', { ack_within_ms: 5_000 }), here);
    driver.mail(mail(2, 'ann', 'bob', { ack_within_ms: Number.MAX_SAFE_INTEGER }), here);
    const [near, far] = letters(driver);
    expect(near).toEqual({
      seq: 1,
      at: AT,
      from: 'ann',
      to: to('bob'),
      state: 'waiting',
      since: driver.now,
      ack_by: driver.now + 5_000,
      known: true,
    });
    expect(Number.isSafeInteger(far?.ack_by)).toBe(true);
  });

  it('whose recipient was seen before, so that nobody calls them unknown when that is forgotten', () => {
    const driver = createDriver();
    driver.mail(mail(1, 'ann', 'bob'), here);
    expect(driver.look(1, stranger).events).toEqual([]);
    driver.now += WINDOW;
    expect(driver.look(1, { isKnown: false, silentMs: WINDOW }).events).toMatchObject([
      { type: 'letter_dead', letter: { why: 'unseen' } },
    ]);
  });

  it('not in a journal that an older version may lead', () => {
    const driver = createDriver();
    driver.board.format = 2;
    expect(driver.mail(mail(1, 'ann', 'bob'), stranger)).toEqual([]);
    expect(driver.command({ kind: 'redeliver', seq: 1 }, 'ann').answer).toMatchObject({ status: 'refused' });
    for (const part of [
      { kind: 'register', identity: 'i' },
      { kind: 'set_status', text: 'x' },
    ] as const) {
      const { answer, events } = driver.command(part, 'ann');
      expect([answer, events]).toEqual([
        expect.objectContaining({
          code: 'needs-format',
          message: expect.stringContaining('waggle format 3'),
        }),
        [],
      ]);
    }
  });
});

describe('a receipt', () => {
  const posted = (within?: number, name = 'bob') => {
    const driver = createDriver();
    driver.mail(mail(1, 'ann', name, within === undefined ? {} : { ack_within_ms: within }), here);
    return driver;
  };

  it('of any state settles a letter that wants no acknowledgement', () => {
    for (const state of ['delivered', 'read', 'acknowledged'] as const) {
      const driver = posted();
      expect(driver.mail(receipt(1, 'bob', state))).toEqual([
        { type: 'letter_settled', seq: 1, by: 'bob', state },
      ]);
      expect(driver.mail(receipt(1, 'bob', state))).toEqual([]);
      expect(letters(driver)).toEqual([]);
    }
  });

  it('that is no acknowledgement leaves one that wants it delivered, until that comes', () => {
    const driver = posted(5_000);
    expect(kinds(driver.mail(receipt(1, 'bob', 'delivered')))).toEqual(['letter_delivered']);
    expect(driver.mail(receipt(1, 'bob', 'read'))).toEqual([]);
    expect(states(driver)).toEqual({ 1: 'delivered' });
    expect(kinds(driver.mail(receipt(1, 'bob', 'acknowledged')))).toEqual(['letter_settled']);
  });

  it('counts from the recipient alone, and from anybody else on a topic or in the inbox', () => {
    expect(posted().mail(receipt(1, 'eve', 'read'))).toEqual([]);
    expect(posted().mail(receipt(1, 'ann', 'read'))).toEqual([]);
    for (const name of ['#task', 'orchestrator']) {
      const driver = posted(5_000, name);
      expect(driver.mail(receipt(1, 'ann', 'acknowledged'))).toEqual([]);
      expect(kinds(driver.mail(receipt(1, 'eve', 'acknowledged')))).toEqual(['letter_settled']);
    }
  });

  it('whose subject names another mail than it does counts for nothing', () => {
    const driver = posted();
    expect(driver.mail({ ...receipt(1, 'bob', 'read'), to: { kind: 'receipt', name: '2' } })).toEqual([]);
  });

  it('that comes late settles a letter that its sender was told of', () => {
    const dead = createDriver();
    dead.mail(mail(1, 'ann', 'bob'), stranger);
    expect(states(dead)).toEqual({ 1: 'dead' });
    expect(kinds(dead.mail(receipt(1, 'bob', 'delivered')))).toEqual(['letter_settled']);
    const overdue = posted(1);
    overdue.now += 1;
    overdue.look(1, here);
    expect(states(overdue)).toEqual({ 1: 'overdue' });
    expect(kinds(overdue.mail(receipt(1, 'bob', 'delivered')))).toEqual(['letter_settled']);
    const both = createDriver();
    both.mail(mail(1, 'ann', 'bob', { ack_within_ms: 5_000 }), stranger);
    both.now += 5_000;
    expect(kinds(both.mail(receipt(1, 'bob', 'delivered')))).toEqual(['letter_settled']);
  });

  it('brings a dead letter back to life while an acknowledgement is still awaited', () => {
    const driver = createDriver();
    driver.mail(mail(1, 'ann', 'bob', { ack_within_ms: 5_000 }), stranger);
    expect(kinds(driver.mail(receipt(1, 'bob', 'delivered')))).toEqual(['letter_delivered']);
    expect(letters(driver)[0]).not.toHaveProperty('why');
    driver.now += 5_000;
    expect(kinds(driver.look(1, here).events)).toEqual(['letter_overdue']);
  });
});

describe('time', () => {
  it('makes a letter overdue at its deadline, once', () => {
    const driver = createDriver();
    driver.mail(mail(1, 'ann', 'bob', { ack_within_ms: 5_000 }), here);
    expect(driver.look(1, here)).toEqual({ events: [], answer: driver.now + 5_000 });
    driver.now += 4_999;
    expect(driver.look(1, here).events).toEqual([]);
    driver.now += 1;
    expect(driver.look(1, here).events).toMatchObject([
      { type: 'letter_overdue', letter: { seq: 1, from: 'ann', state: 'overdue' } },
    ]);
    driver.now += WINDOW * 2;
    expect(driver.look(1, gone)).toEqual({ events: [], answer: undefined });
  });

  it('makes no dead letter of one whose recipient is there, or of one to a topic', () => {
    const driver = createDriver();
    driver.mail(mail(1, 'ann', 'bob'), here);
    driver.mail(mail(2, 'ann', '#task', { ack_within_ms: 9 * WINDOW }), here);
    driver.now += 2 * WINDOW;
    expect(driver.look(1, { isKnown: true, silentMs: 1_000 })).toEqual({
      events: [],
      answer: driver.now - 1_000 + WINDOW,
    });
    expect(driver.look(2, gone).events).toEqual([]);
  });

  it('makes one dead whose recipient nobody has seen for the window, counted from the mail at the earliest', () => {
    const driver = createDriver();
    driver.mail(mail(1, 'ann', 'bob'), gone);
    expect(driver.look(1, gone)).toEqual({ events: [], answer: driver.now + WINDOW });
    driver.now += WINDOW;
    expect(driver.look(1, gone).events).toEqual([
      {
        type: 'letter_dead',
        letter: expect.objectContaining({ seq: 1, state: 'dead', why: 'unseen' }),
        unseen_ms: gone.silentMs,
      },
    ]);
  });

  it('goes by the window that the configuration says', () => {
    const driver = createDriver();
    driver.policies({ dead_letter_after_ms: 50 });
    driver.mail(mail(1, 'ann', 'bob'), gone);
    driver.now += 50;
    expect(kinds(driver.look(1, gone).events)).toEqual(['letter_dead']);
  });
});

describe('a recipient whom nobody ever saw', () => {
  it('makes a dead letter at once', () => {
    const driver = createDriver();
    expect(driver.mail(mail(1, 'ann', 'nobdy'), stranger)).toMatchObject([
      { type: 'letter_posted', letter: { state: 'waiting' } },
      { type: 'letter_dead', letter: { seq: 1, from: 'ann', state: 'dead', why: 'unknown' } },
    ]);
  });

  it.each([
    ['registered', (driver: Driver) => driver.command({ kind: 'register', identity: 'i' }, 'bob')],
    ['set a status', (driver: Driver) => driver.command({ kind: 'set_status', text: 'x' }, 'bob')],
    ['claimed', (driver: Driver) => driver.claim('bob')],
    ['has a role', (driver: Driver) => driver.configure({ roles: { op: 'operator', bob: 'worker' } })],
  ])('is known all the same when it %s', (_, act) => {
    const driver = createDriver();
    act(driver);
    expect(kinds(driver.mail(mail(1, 'ann', 'bob'), stranger))).toEqual(['letter_posted']);
  });

  it('is not judged by a leader that does not know yet who is known: it looks again soon', () => {
    const driver = createDriver();
    const unsure: Sighting = { isKnown: undefined, silentMs: 10 };
    expect(kinds(driver.mail(mail(1, 'ann', 'bob'), unsure))).toEqual(['letter_posted']);
    const { events, answer = 0 } = driver.look(1, unsure);
    expect(events).toEqual([]);
    expect(answer - driver.now).toBeLessThanOrEqual(1_000);
    expect(kinds(driver.look(1, stranger).events)).toEqual(['letter_dead']);
  });
});

describe('redelivering', () => {
  const dead = () => {
    const driver = createDriver();
    driver.mail(mail(1, 'ann', 'bob', { ack_within_ms: 5_000 }), stranger);
    driver.now += 60_000;
    return driver;
  };

  it('gives a dead letter its time anew, also where its recipient is yet to come', () => {
    const driver = dead();
    expect(driver.command({ kind: 'redeliver', seq: 1 }, 'ann').answer).toEqual({ status: 'ok' });
    expect(letters(driver)).toMatchObject([
      { state: 'waiting', since: driver.now, ack_by: driver.now + 5_000 },
    ]);
    expect(driver.look(1, stranger).events).toEqual([]);
    expect(driver.command({ kind: 'redeliver', seq: 1 }, 'ann').events).toEqual([]);
  });

  it('is dead again after the window, as unknown while nobody came', () => {
    const driver = createDriver();
    driver.mail(mail(1, 'ann', 'bob'), stranger);
    driver.command({ kind: 'redeliver', seq: 1 }, 'ann');
    driver.now += WINDOW;
    expect(driver.look(1, { isKnown: false, silentMs: WINDOW }).events).toMatchObject([
      { type: 'letter_dead', letter: { why: 'unknown' } },
    ]);
  });

  it('with a copy to somebody else is done with it', () => {
    const driver = dead();
    expect(kinds(driver.command({ kind: 'redeliver', seq: 1, copy: true }, 'ann').events)).toEqual([
      'letter_redelivered',
      'answered',
    ]);
    expect(letters(driver)).toEqual([]);
  });

  it('is refused for what is no dead letter', () => {
    const driver = createDriver();
    expect(driver.command({ kind: 'redeliver', seq: 9 }).answer).toMatchObject({ code: 'mail-unknown' });
    driver.mail(mail(1, 'ann', 'bob', { ack_within_ms: 1 }), here);
    driver.now += 1;
    driver.look(1, here);
    expect(driver.command({ kind: 'redeliver', seq: 1 }).answer).toMatchObject({ code: 'not-dead' });
  });
});

describe('the letters of a board', () => {
  it('are bounded: the oldest that waits is given up, and that is told', () => {
    const driver = createDriver();
    for (let seq = 1; seq <= WATCHED_KEPT; seq += 1) {
      evolve(driver.board, { type: 'letter_posted', letter: letterAt(seq) }, driver.now);
    }
    const events = driver.mail(mail(WATCHED_KEPT + 1, 'ann', 'bob'), here);
    expect(kinds(events)).toEqual(['letter_dead', 'letter_posted']);
    expect(events[0]).toEqual({
      type: 'letter_dead',
      letter: { ...letterAt(1), state: 'dead', why: 'unseen' },
    });
    expect(driver.board.letters.watched.size).toBe(WATCHED_KEPT);
    for (let seq = 2; seq <= TOLD_KEPT + 1; seq += 1) {
      evolve(
        driver.board,
        { type: 'letter_dead', letter: { ...letterAt(seq), state: 'dead', why: 'unseen' } },
        driver.now,
      );
    }
    expect(driver.board.letters.told.size).toBe(TOLD_KEPT);
    expect(driver.board.letters.told.has(1)).toBe(false);
  });

  it('above the mail from which a cut MAIL goes on are other mails now', () => {
    const driver = createDriver();
    driver.mail(mail(5, 'ann', 'bob'), here);
    driver.mail(mail(6, 'ann', 'nobdy'), stranger);
    driver.mail(mail(7, 'ann', 'bob'), here);
    evolve(
      driver.board,
      { type: 'continued', by: 'orchestrator', reason: 'MAIL was cut', mail_seq: 5 },
      driver.now,
    );
    expect(states(driver)).toEqual({ 5: 'waiting' });
  });

  it('come back from a snapshot and from the journal as they were', () => {
    const driver = createDriver();
    driver.command({ kind: 'register', identity: 'i', host: 'h' }, 'ann');
    for (let seq = 1; seq <= 1_200; seq += 1) {
      driver.mail(mail(seq, 'ann', 'bob', { ack_within_ms: 5_000 }), seq % 3 === 0 ? stranger : here);
    }
    driver.mail(receipt(1, 'bob', 'read'));
    const parts = [...partsOf(toImage(driver.board))];
    const image = imageOf(parts);
    const at = driver.now;
    expect(image && observable(fromImage(image, at))).toEqual(observable(driver.board));
    expect(imageOf(parts.slice(0, -1))).toBeUndefined();
    expect(observable(fold(driver.batches, 'msgpack'))).toEqual(observable(driver.board));
  });

  it('leave no trace in the snapshot of a journal that has none: an older version reads it', () => {
    const [head] = partsOf(toImage(createDriver().board));
    expect(head).not.toHaveProperty('letters');
    expect(head).not.toHaveProperty('people');
  });

  it('are listed by sequence, by state or by name', () => {
    const driver = createDriver();
    driver.mail(mail(2, 'ann', 'nobdy'), stranger);
    driver.mail(mail(3, 'ann', 'bob'), here);
    driver.mail(mail(1, 'ann', 'bob'), here);
    const seqs = (choice: Parameters<typeof lettersOf>[1]) =>
      lettersOf(driver.board, choice).map(({ seq }) => seq);
    expect(seqs({})).toEqual([1, 2, 3]);
    expect(seqs({ states: ['dead'] })).toEqual([2]);
    expect(seqs({ seqs: [3, 9, 2, 3] })).toEqual([2, 3]);
  });
});

const letterAt = (seq: number): Letter => ({
  seq,
  at: AT,
  from: 'ann',
  to: { kind: 'agent', name: 'bob' },
  state: 'waiting',
  since: AT,
});
