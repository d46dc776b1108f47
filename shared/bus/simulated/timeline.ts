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

  /** Lets the next event happen, and all that follows of it without waiting; false when nothing is planned. */
  async step(): Promise<boolean> {
    for (;;) {
      const next = this.#queue.pop();
      if (next === undefined) return false;
      if (next.run === undefined) continue;
      this.#now = Math.max(this.#now, next.at);
      this.#steps += 1;
      this.#note(next);
      next.run();
      await settled();
      return true;
    }
  }

  /** Lets happen what is planned until then, and moves the time there. */
  async runUntil(at: number): Promise<void> {
    await settled();
    for (let next = this.nextAt; next !== undefined && next <= at; next = this.nextAt) await this.step();
    this.#now = Math.max(this.#now, at);
  }

  #note({ at, label }: Planned): void {
    this.#mix(Math.round(at * 1_000) | 0);
    for (let n = 0; n < label.length; n += 1) this.#mix(label.charCodeAt(n));
  }

  #mix(word: number): void {
    this.#digest = Math.imul(this.#digest ^ word, 16_777_619);
  }
}

/** Resolves when no microtask is left: all code that runs waits for an event. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
