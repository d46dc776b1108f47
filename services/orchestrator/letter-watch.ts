/**
 * When to look at which letter: one entry a letter, by journal time, so that looking costs nothing while nothing is
 * due, however many tasks and letters there are. What a look finds is decided elsewhere.
 *
 * 1. Nothing is judged by a later time than that up to which MAIL is known to be read: the receipts that came before it
 *    are decided.
 * 2. An entry counts only while it is its letter's current one; the board says whether the letter is still watched.
 */
import TinyQueue from 'tinyqueue';
import type { Event } from '../../schemas/index.ts';
import type { Board } from '../../shared/board/state.ts';

interface Entry {
  readonly seq: number;
  readonly at: number;
}

const earlier = (a: Entry, b: Entry): number => a.at - b.at || a.seq - b.seq;
/** Stale entries beyond those of letters that are watched, before the queue is made anew. */
const SLACK = 1_000;

export class LetterWatch {
  readonly #board: Pick<Board, 'letters'>;
  #queue = new TinyQueue<Entry>([], earlier);
  readonly #current = new Map<number, Entry>();
  /** Journal time; none before the first proof. */
  #readUpTo: number | undefined;

  constructor(board: Pick<Board, 'letters'>) {
    this.#board = board;
  }

  /** What MAIL held at that time is decided. The first time every letter is looked at. */
  readUpTo(at: number): void {
    if (this.#readUpTo === undefined) this.#lookAtAll();
    this.#readUpTo = Math.max(this.#readUpTo ?? at, at);
  }

  /** By what time letters are judged. */
  judgedAt(now: number): number {
    return Math.min(now, this.#readUpTo ?? 0);
  }

  /** Whether a letter's time has come, and MAIL is not known to be read so far. */
  isHeldUp(now: number): boolean {
    if (this.#readUpTo === undefined) return true;
    const at = this.#first()?.at ?? Number.POSITIVE_INFINITY;
    return at <= now && at > this.#readUpTo;
  }

  /** Takes up what the events of an input began to watch, or what they make look otherwise. */
  note(events: readonly Event[]): void {
    for (const event of events) {
      if (event.type === 'letter_posted') this.again(event.letter.seq, 0);
      if (event.type === 'letter_delivered' || event.type === 'letter_redelivered') this.again(event.seq, 0);
      // The time after which a letter is dead may have become another.
      if (event.type === 'configured' && this.#readUpTo !== undefined) this.#lookAtAll();
    }
  }

  /** The letter is looked at when `at` has come. */
  again(seq: number, at: number): void {
    const entry = { seq, at };
    this.#current.set(seq, entry);
    this.#queue.push(entry);
    if (this.#queue.length > 2 * this.#board.letters.watched.size + SLACK) this.#clean();
  }

  /** Whether `due` would give any. */
  hasDue(now: number): boolean {
    if (this.#readUpTo === undefined) return false;
    return (this.#first()?.at ?? Number.POSITIVE_INFINITY) <= this.judgedAt(now);
  }

  /** Takes out up to `limit` letters whose time has come, and to which MAIL is read. */
  due(now: number, limit: number): number[] {
    const seqs: number[] = [];
    const by = this.judgedAt(now);
    while (this.#readUpTo !== undefined && seqs.length < limit) {
      const first = this.#first();
      if (first === undefined || first.at > by) break;
      this.#queue.pop();
      this.#current.delete(first.seq);
      seqs.push(first.seq);
    }
    return seqs;
  }

  #first(): Entry | undefined {
    for (;;) {
      const first = this.#queue.peek();
      if (first === undefined || this.#isCurrent(first)) return first;
      this.#queue.pop();
      if (this.#current.get(first.seq) === first) this.#current.delete(first.seq);
    }
  }

  #isCurrent(entry: Entry): boolean {
    return this.#current.get(entry.seq) === entry && this.#board.letters.watched.has(entry.seq);
  }

  #lookAtAll(): void {
    this.#current.clear();
    const entries = [...this.#board.letters.watched.keys()].map((seq) => ({ seq, at: 0 }));
    for (const entry of entries) this.#current.set(entry.seq, entry);
    this.#queue = new TinyQueue(entries, earlier);
  }

  #clean(): void {
    const entries = [...this.#current.values()].filter((entry) => this.#isCurrent(entry));
    this.#current.clear();
    for (const entry of entries) this.#current.set(entry.seq, entry);
    this.#queue = new TinyQueue(entries, earlier);
  }
}
