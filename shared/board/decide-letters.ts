/**
 * Decides what becomes of letters: a mail came, a receipt came, time passed, somebody asks for another try. A mail to
 * an agent is watched until it is delivered, one with a deadline until it is acknowledged; what comes to nothing is
 * journaled, and by that announced.
 *
 * 1. Of one mail, and of one receipt, the second copy changes nothing: the mail's sequence is its name.
 * 2. Nobody is called unknown or unseen on less than what the leader knows (`Sighting`): a new leader knows little.
 * 3. A letter is told of once: who is dead is not overdue as well. What a told letter still gets settles it.
 */
import type { CommandOf, Event, Letter, StoredMail } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/limits.ts';
import { type Answer, type Decision, refused } from './decision.ts';
import { allLetters, isTold, letterAt, WATCHED_KEPT } from './letters.ts';
import { entryOf } from './lookup.ts';
import type { Board } from './state.ts';

/** What the leader itself knows of a name, by its monotonic clock. */
export interface Sighting {
  /** Whether anybody was ever seen with that name; undefined while the leader does not know yet. */
  readonly isKnown: boolean | undefined;
  /** Since it was last seen; since the leader began to listen when it saw nothing of it. */
  readonly silentMs: number;
}

/** Why nobody's silence counts where nothing is known of it. */
const unsighted: Sighting = { isKnown: undefined, silentMs: 0 };

export interface MailInput {
  readonly stored: StoredMail;
  /** Of the mail's recipient. */
  readonly sight?: Sighting;
}

/** The format of the journal that can hold letters. */
const LETTER_FORMAT = 3;
/** How long a mail to somebody whom nobody has seen waits, where the configuration does not say. */
const DEAD_LETTER_AFTER_MS = 600_000;
/** While the leader does not know who is known it looks again soon. */
const LOOK_AGAIN_MS = 1_000;
/** A deadline past this is none: times must stay exact numbers. */
const LONGEST_MS = 100 * 365 * 86_400_000;

/** Whether a mail can concern any letter: all others are consumed without a look at the board. */
export const isWatchable = (stored: StoredMail): boolean => wantsWatching(stored) || isReceipt(stored);

function wantsWatching({ from, to, mail }: StoredMail): boolean {
  if (mail.kind !== 'message' || from === RESERVED_AGENT || to.kind === 'receipt') return false;
  // Nobody writes a receipt for what they sent themselves.
  if (to.kind === 'agent' && to.name === from) return false;
  return mail.ack_within_ms !== undefined || (to.kind === 'agent' && to.name !== RESERVED_AGENT);
}

const isReceipt = ({ to, mail }: StoredMail): boolean =>
  mail.kind === 'receipt' && to.kind === 'receipt' && String(mail.receipt?.seq) === to.name;

/** What follows from a mail that was stored. */
export function decideMail(board: Board, { stored, sight = unsighted }: MailInput, now: number): Event[] {
  if (board.format < LETTER_FORMAT) return [];
  if (isReceipt(stored)) return receive(board, stored, now);
  return wantsWatching(stored) ? post(board, stored, sight, now) : [];
}

function post(board: Board, { seq, from, to, mail }: StoredMail, sight: Sighting, now: number): Event[] {
  if (to.kind === 'receipt' || letterAt(board.letters, seq) !== undefined) return [];
  const { ack_within_ms: within } = mail;
  const letter: Letter = {
    seq,
    at: mail.at,
    from,
    to: { kind: to.kind, name: to.name },
    state: 'waiting',
    since: now,
    ...(within === undefined ? {} : { ack_by: now + Math.min(within, LONGEST_MS) }),
    ...(to.kind === 'agent' && (sight.isKnown === true || isOnBoard(board, to.name)) ? { known: true } : {}),
  };
  const { event } = lookAt(board, letter, sight, now);
  return [...crowded(board), { type: 'letter_posted', letter }, ...(event === undefined ? [] : [event])];
}

/** Where too many wait the oldest is given up, and its sender told. */
function crowded({ letters }: Board): Event[] {
  const [oldest] = letters.watched.values();
  if (oldest === undefined || letters.watched.size < WATCHED_KEPT) return [];
  return [{ type: 'letter_dead', letter: { ...oldest, state: 'dead', why: 'unseen' } }];
}

function receive(board: Board, { from, mail }: StoredMail, now: number): Event[] {
  const { receipt } = mail;
  const letter = receipt === undefined ? undefined : letterAt(board.letters, receipt.seq);
  if (receipt === undefined || letter === undefined || !mayReceive(letter, from)) return [];
  const { seq, state } = receipt;
  const settled: Event = { type: 'letter_settled', seq, by: from, state };
  if (letter.ack_by === undefined || state === 'acknowledged') return [settled];
  // Of one that was told of as dead it would be told at once that it is overdue, too.
  if (isTold(letter) && now >= letter.ack_by) return [settled];
  return letter.state === 'delivered' ? [] : [{ type: 'letter_delivered', seq, by: from }];
}

/** A mail to somebody is theirs alone to receive; the orchestrator's inbox is read by people under their own names. */
function mayReceive({ from, to }: Letter, reader: string): boolean {
  if (reader === from) return false;
  return to.kind === 'topic' || to.name === reader || to.name === RESERVED_AGENT;
}

/** What time does to a letter, or when to look at it again (journal time); neither when only a receipt can help. */
export interface Look {
  readonly event?: Event;
  readonly again?: number;
}

/** `sight`: of the letter's recipient. */
export function lookAt(board: Board, letter: Letter, sight: Sighting, now: number): Look {
  if (isTold(letter)) return {};
  const { ack_by: by } = letter;
  if (by !== undefined && now >= by) {
    return { event: { type: 'letter_overdue', letter: { ...letter, state: 'overdue' } } };
  }
  const death = letter.state === 'waiting' ? lookAtRecipient(board, letter, sight, now) : {};
  if (death.event !== undefined) return death;
  const times = [by, death.again].filter((time) => time !== undefined);
  return times.length === 0 ? {} : { again: Math.min(...times) };
}

function lookAtRecipient(board: Board, letter: Letter, { isKnown, silentMs }: Sighting, now: number): Look {
  const { to, since, why, known } = letter;
  if (to.kind !== 'agent' || to.name === RESERVED_AGENT) return {};
  const isStranger = known === undefined && isKnown === false && !isOnBoard(board, to.name);
  // One that gets another chance has its time, also where its recipient is yet to come.
  if (isStranger && why === undefined) return { event: dead(letter, 'unknown', silentMs) };
  const after = board.config.policies.dead_letter_after_ms ?? DEAD_LETTER_AFTER_MS;
  const at = Math.max(since, now - silentMs) + after;
  if (now >= at) return { event: dead(letter, isStranger ? 'unknown' : 'unseen', silentMs) };
  const isOpen = [isKnown, why, known].every((word) => word === undefined) && !isOnBoard(board, to.name);
  return { again: isOpen ? Math.min(at, now + LOOK_AGAIN_MS) : at };
}

const dead = (letter: Letter, why: 'unknown' | 'unseen', unseenMs: number): Event => ({
  type: 'letter_dead',
  letter: { ...letter, state: 'dead', why },
  unseen_ms: Math.round(unseenMs),
});

/** Whether the board knows the name, whoever was seen. */
const isOnBoard = ({ people, agents, config }: Board, name: string): boolean =>
  people.has(name) || agents.has(name) || entryOf(config.roles, name) !== undefined;

/** Another chance for a dead letter, or its end where a copy went to somebody else. */
export function redeliver(
  board: Board,
  from: string,
  { seq, copy = false }: CommandOf<'redeliver'>,
): Decision<Answer> {
  const letter = letterAt(board.letters, seq);
  if (letter === undefined) {
    return refused('mail-unknown', `mail ${seq} is no dead letter: it was delivered, or nobody watches it`);
  }
  if (!copy && !isTold(letter)) return { events: [], answer: { status: 'ok' } };
  if (!copy && letter.state === 'overdue') {
    return refused('not-dead', `mail ${seq} is no dead letter: only its acknowledgement is overdue`);
  }
  return { events: [{ type: 'letter_redelivered', seq, by: from, copy }], answer: { status: 'ok' } };
}

/** The letters by sequence, of those states and sequences where they are given. */
export function lettersOf(
  { letters }: Pick<Board, 'letters'>,
  { seqs, states }: { readonly seqs?: readonly number[]; readonly states?: readonly Letter['state'][] },
): Letter[] {
  const all =
    seqs === undefined
      ? allLetters(letters)
      : [...new Set(seqs)].flatMap((seq) => letterAt(letters, seq) ?? []);
  const chosen = states === undefined ? all : all.filter(({ state }) => states.includes(state));
  return chosen.sort((a, b) => a.seq - b.seq);
}
