/**
 * Virtual time: what is planned happens in the order of its times, one after the other, and real asynchronous code runs
 * in between until it waits for something. Everything that waits in a simulation waits here.
 *
 * 1. Between two events all microtasks are drained, so that an event meets the same state in every run.
 * 2. Of events at the same moment the seed decides which goes first.
 * 3. Nothing here reads a clock: the same plan gives the same history.
 */
import TinyQueue from 'tinyqueue';
import type { SeededRandom } from './seeded-random.ts';

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly label: string;
  run: (() => void) | undefined;
}

export class Timeline {
  readonly #random: SeededRandom;
  readonly #queue = new TinyQueue<Planned>([], (one, other) => one.at - other.at || one.order - other.order);
  #now = 0;
  #steps = 0;
  #digest = 2_166_136_261;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  /** How many events have happened. */
  get steps(): number {
    return this.#steps;
  }

  /** Of all that has happened: two runs with the same one had the same history. */
  get digest(): string {
    return (this.#digest >>> 0).toString(16).padStart(8, '0');
  }

  /** When the next event is due; undefined when nothing is planned. */
  get nextAt(): number | undefined {
    return this.#queue.peek()?.at;
  }

  /** Plans an event; the returned function takes it back. */
  plan(afterMs: number, label: string, run: () => void): () => void {
    const at = this.#now + Math.max(0, afterMs);
    const planned: Planned = { at, order: this.#random.next(), label, run };
    this.#queue.push(planned);
    return () => {
      planned.run = undefined;
    };
  }

  /** Lets happen what is planned until then, and all that follows of it without waiting, and moves the time there. */
  runUntil(at: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const turn = (): void => {
        if (isOver) return;
        try {
          const next = this.#nextUntil(at);
          if (next !== undefined) {
            this.#happen(next);
            return;
          }
          this.#now = Math.max(this.#now, at);
          resolve();
        } catch (error) {
          reject(error);
        }
        isOver = true;
      };
      // Before each of them Node drains the microtasks; many of them in one go spare a turn of its loop for each.
      const wave = (): void => {
        if (isOver) return;
        for (let n = 0; n < WAVE; n += 1) setImmediate(turn);
        setImmediate(wave);
      };
      setImmediate(wave);
    });
  }

  #nextUntil(at: number): Planned | undefined {
    for (;;) {
      const next = this.#queue.peek();
      if (next === undefined || (next.at > at && next.run !== undefined)) return undefined;
      this.#queue.pop();
      if (next.run !== undefined) return next;
    }
  }

  #happen(next: Planned): void {
    this.#now = Math.max(this.#now, next.at);
    this.#steps += 1;
    this.#note(next);
    next.run?.();
  }

  #note({ at, label }: Planned): void {
    this.#mix(Math.round(at * 1_000) | 0);
    for (let n = 0; n < label.length; n += 1) this.#mix(label.charCodeAt(n));
  }

  #mix(word: number): void {
    this.#digest = Math.imul(this.#digest ^ word, 16_777_619);
  }
}

/** How many events may happen before Node's loop goes round, and looks at signals. */
const WAVE = 64;
