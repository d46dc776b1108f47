/**
 * The letters of a board: mails whose delivery is watched. Owns where they are kept and how many; knows nothing of who
 * decides what becomes of one.
 *
 * 1. A letter is either watched (waiting, delivered) or told (overdue, dead: its sender knows), never both.
 * 2. Both lists are bounded. One that is watched is never dropped: the oldest is given up as dead, which is told. Of
 *    those that were told the one that was told first goes.
 */
import type { EventOf, Letter } from '../../schemas/index.ts';
import { assertNever } from '../errors.ts';

/** By sequence in MAIL. */
export interface Letters {
  /** In the order in which they began to be watched. */
  readonly watched: Map<number, Letter>;
  /** In the order in which their senders were told. */
  readonly told: Map<number, Letter>;
}

/** How many letters are watched at a time. */
export const WATCHED_KEPT = 10_000;
/** How many of those that came to nothing are remembered. */
export const TOLD_KEPT = 5_000;

export const createLetters = (): Letters => ({ watched: new Map(), told: new Map() });

/** The letter, watched or told. */
export const letterAt = ({ watched, told }: Letters, seq: number): Letter | undefined =>
  watched.get(seq) ?? told.get(seq);

/** Whether nothing more is awaited of the letter, and its sender was told so. */
export const isTold = ({ state }: Letter): boolean => state === 'dead' || state === 'overdue';

/** All of them: watched ones first, each list in its order. */
export const allLetters = ({ watched, told }: Letters): Letter[] => [...watched.values(), ...told.values()];

/** Puts a letter where its state says, at the end of that list. */
export function keepLetter(letters: Letters, letter: Letter): void {
  dropLetter(letters, letter.seq);
  if (!isTold(letter)) {
    letters.watched.set(letter.seq, letter);
    return;
  }
  letters.told.set(letter.seq, letter);
  for (const first of letters.told.keys()) {
    if (letters.told.size <= TOLD_KEPT) break;
    letters.told.delete(first);
  }
}

function dropLetter({ watched, told }: Letters, seq: number): void {
  watched.delete(seq);
  told.delete(seq);
}

/** MAIL goes on behind `seq`: what stood above it is another mail from now on. */
export function dropLettersAbove({ watched, told }: Letters, seq: number): void {
  for (const list of [watched, told]) for (const at of list.keys()) if (at > seq) list.delete(at);
}

export type LetterEvent = EventOf<
  | 'letter_posted'
  | 'letter_settled'
  | 'letter_delivered'
  | 'letter_overdue'
  | 'letter_dead'
  | 'letter_redelivered'
>;

/** What an event does to the letters; one of a letter that is not kept (any more) does nothing. */
export function evolveLetters(letters: Letters, event: LetterEvent, at: number): void {
  switch (event.type) {
    case 'letter_posted':
    case 'letter_overdue':
    case 'letter_dead':
      keepLetter(letters, event.letter);
      return;
    case 'letter_settled':
      dropLetter(letters, event.seq);
      return;
    case 'letter_delivered': {
      const { why: _, ...letter } = letterAt(letters, event.seq) ?? {};
      if ('seq' in letter) keepLetter(letters, { ...letter, state: 'delivered' });
      return;
    }
    case 'letter_redelivered': {
      const letter = letterAt(letters, event.seq);
      if (letter === undefined) return;
      if (event.copy) dropLetter(letters, event.seq);
      else keepLetter(letters, anew(letter, at));
      return;
    }
    default:
      assertNever(event);
  }
}

/** Its recipient has as long as at first. */
function anew(letter: Letter, at: number): Letter {
  const { ack_by, since } = letter;
  return {
    ...letter,
    state: 'waiting',
    since: at,
    ...(ack_by === undefined ? {} : { ack_by: at + Math.max(1, ack_by - since) }),
  };
}
