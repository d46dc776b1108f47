/**
 * Whether an agent claims nothing for now, by an operator's word: for so long, or until another word.
 */
import type { Clock } from '../clock.ts';

export class Pause {
  readonly #clock: Clock;
  /** Aborts when the pause begins; one of its own for each stretch of work. */
  #begins = new AbortController();
  /** Aborts when the pause ends; undefined: there is none. */
  #ends: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#ends !== undefined;
  }

  /** Aborts with the next pause; aborted during one. */
  get begins(): AbortSignal {
    return this.#begins.signal;
  }

  /** Begins a pause, or gives the one that is on another length; absent: until `resume`. */
  start(forMs?: number): void {
    this.#ends?.abort();
    const ends = new AbortController();
    this.#ends = ends;
    this.#begins.abort('pause');
    if (forMs === undefined) return;
    this.#clock.sleep(forMs, ends.signal).then(
      () => this.#end(ends),
      () => undefined,
    );
  }

  /** False when there was none. */
  resume(): boolean {
    if (this.#ends === undefined) return false;
    this.#end(this.#ends);
    return true;
  }

  /** Resolves when no pause is on any more, or the signal aborts. */
  async over(signal: AbortSignal): Promise<void> {
    while (this.#ends !== undefined && !signal.aborted) {
      const either = AbortSignal.any([signal, this.#ends.signal]);
      if (either.aborted) continue;
      await new Promise<void>((resolve) => either.addEventListener('abort', () => resolve(), { once: true }));
    }
  }

  #end(ends: AbortController): void {
    if (this.#ends !== ends) return;
    this.#ends = undefined;
    this.#begins = new AbortController();
    ends.abort();
  }
}
