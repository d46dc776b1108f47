/**
 * Mail trail: which mails a follower has been given, and whether the next live one may be given yet. Knows neither
 * the bus nor time; `mail-watch.ts` feeds it.
 *
 * 1. Each mail is given once: `complete` says up to where nothing is missing, what was given beyond it is remembered.
 * 2. A live mail is given only when nothing is known to be missing before it. Otherwise it is held, and `need` is
 *    `gap` until the stream has been read up to its end.
 * 3. What is held is bounded in number and bytes. Beyond that all of it is dropped: the reader then goes on by pages,
 *    at its own pace.
 */
import type { StoredMail } from '../../schemas/index.ts';

/** A stored mail as the server published it again. */
export interface LiveMail {
  readonly seq: number;
  /** The sequence that the follower must know before this one; 0 for none. */
  readonly before: number;
  /** Of its payload. */
  readonly bytes: number;
  /** Absent when it is none of the follower's. */
  readonly mail?: StoredMail;
}

/** Why the stream must be read: nothing is known to be missing, it is time to look, or something is missing. */
export type Need = 'none' | 'look' | 'gap';

export interface TrailLimits {
  readonly held: number;
  readonly heldBytes: number;
  /** How many mails may be given live until it is time to look. */
  readonly unverified: number;
}

const LIMITS: TrailLimits = { held: 1_000, heldBytes: 8 * 1024 * 1024, unverified: 4_000 };

export class MailTrail {
  readonly #limits: TrailLimits;
  #complete: number;
  #newest: number;
  #need: Need = 'gap';
  /** Given, or none of ours, beyond `complete`. */
  #known = new Set<number>();
  #held: LiveMail[] = [];
  #heldBytes = 0;

  constructor(after: number, limits: Partial<TrailLimits> = {}) {
    this.#complete = after;
    this.#newest = after;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Nothing up to this sequence is missing. */
  get complete(): number {
    return this.#complete;
  }

  get need(): Need {
    return this.#need;
  }

  get held(): number {
    return this.#held.length;
  }

  /** Something may have been lost (`gap`), or it is time to look. */
  doubt(need: 'look' | 'gap'): void {
    if (this.#need !== 'gap') this.#need = need;
  }

  /** A reading of the stream begins (or is given up, where it was only time to look). */
  settle(): void {
    this.#need = 'none';
  }

  /** A live mail has come. */
  take(live: LiveMail): void {
    this.#newest = Math.max(this.#newest, live.seq);
    this.#held.push(live);
    this.#heldBytes += live.bytes;
    const { held, heldBytes } = this.#limits;
    if (this.#held.length <= held && this.#heldBytes <= heldBytes) return;
    this.#held = [];
    this.#heldBytes = 0;
    this.doubt('gap');
  }

  /** The next live mail that may be given; it counts as given then. */
  next(): StoredMail | undefined {
    for (let live = this.#held[0]; live !== undefined && this.#need !== 'gap'; live = this.#held[0]) {
      if (!this.#knows(live.seq)) {
        if (!this.#knows(live.before)) {
          this.doubt('gap');
          return undefined;
        }
        this.#note(live.seq);
        this.#drop();
        if (live.mail !== undefined) return live.mail;
      } else this.#drop();
    }
    return undefined;
  }

  /** Of a page read behind `complete`: what was not given yet. */
  missing(mails: readonly StoredMail[]): readonly StoredMail[] {
    return mails.filter(({ seq }) => !this.#knows(seq));
  }

  /** The stream's end, by a page's word. */
  sees(last: number): void {
    this.#newest = Math.max(this.#newest, last);
  }

  /**
   * All of a page has been given: it reaches to `scannedTo`, and the stream ended at `last`. Says whether that is all
   * there was.
   */
  covers(scannedTo: number, last: number): boolean {
    if (last < this.#complete) {
      // The stream lost its end, or was made anew: what comes now has sequences that were given before.
      this.#complete = last;
      this.#newest = last;
      this.#known.clear();
      return true;
    }
    this.#complete = Math.max(this.#complete, scannedTo);
    for (const seq of this.#known) if (seq <= this.#complete) this.#known.delete(seq);
    return scannedTo >= last;
  }

  /** How many sequences the reader is behind once it has the mail at `seq`; `isLast`: no other is known to wait. */
  lag(seq: number, isLast: boolean): number {
    const isThere = isLast && this.#held.length === 0 && this.#need !== 'gap';
    return isThere ? 0 : Math.max(0, this.#newest - seq);
  }

  #knows(seq: number): boolean {
    return seq <= this.#complete || this.#known.has(seq);
  }

  #note(seq: number): void {
    if (seq === this.#complete + 1) this.#complete = seq;
    else this.#known.add(seq);
    if (this.#known.size > this.#limits.unverified) this.doubt('look');
  }

  #drop(): void {
    const live = this.#held.shift();
    this.#heldBytes -= live?.bytes ?? 0;
  }
}
