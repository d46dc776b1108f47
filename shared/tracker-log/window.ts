/**
 * Puts the events of a log in order while they stream by, and drops those that come twice, in bounded memory: a
 * window of the newest events is held back until it is full.
 *
 * A log that was merged from several branches is out of order here and there, and holds an event twice when two files
 * were put together. What comes later than a whole window is passed on where it stands, and counted.
 */
import TinyQueue from 'tinyqueue';
import { isBefore, type TrackerEvent } from './event.ts';

export interface WindowLimits {
  readonly events: number;
  /** Characters of texts. */
  readonly texts: number;
}

const LIMITS: WindowLimits = { events: 20_000, texts: 32 * 1024 * 1024 };

export class EventWindow {
  readonly #limits: WindowLimits;
  readonly #held = new TinyQueue<TrackerEvent>([], (a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0));
  /** Ids of the last events, as many as the window holds and up to as many again. */
  #ids = new Set<string>();
  #olderIds: ReadonlySet<string> = new Set();
  #texts = 0;
  #last: TrackerEvent | undefined;
  #late = 0;
  #duplicates = 0;

  constructor(limits: WindowLimits = LIMITS) {
    this.#limits = limits;
  }

  /** Events that came after later ones had been passed on. */
  get late(): number {
    return this.#late;
  }

  /** Events that had come before. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** The events that are passed on now, in order. */
  push(event: TrackerEvent): TrackerEvent[] {
    if (this.#ids.has(event.id) || this.#olderIds.has(event.id)) {
      this.#duplicates += 1;
      return [];
    }
    // Two generations: taking the oldest out of one set, again and again, would walk over what was taken out before.
    if (this.#ids.size >= this.#limits.events) {
      this.#olderIds = this.#ids;
      this.#ids = new Set();
    }
    this.#ids.add(event.id);
    this.#held.push(event);
    this.#texts += textOf(event);
    const out: TrackerEvent[] = [];
    while (this.#held.length > this.#limits.events || this.#texts > this.#limits.texts) this.#pop(out);
    return out;
  }

  /** What is still held back. */
  end(): TrackerEvent[] {
    const out: TrackerEvent[] = [];
    while (this.#held.length > 0) this.#pop(out);
    return out;
  }

  #pop(out: TrackerEvent[]): void {
    const event = this.#held.pop();
    if (event === undefined) return;
    this.#texts -= textOf(event);
    if (this.#last !== undefined && isBefore(event, this.#last)) this.#late += 1;
    else this.#last = event;
    out.push(event);
  }
}

const textOf = ({ title = '', body = '', comment = '' }: TrackerEvent): number =>
  title.length + body.length + comment.length;
