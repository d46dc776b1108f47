/**
 * The time of the journal, which never goes back: the clock's, or what has passed since the last batch where the clock
 * was set back. It must not stand still until the clock is there again: backoffs and graces would last as long.
 */
import type { Clock } from '../../shared/clock.ts';
import type { Position } from './batch-store.ts';

export class JournalTime {
  readonly #clock: Clock;
  readonly #position: Pick<Position, 'at'>;
  /** When it was advanced last, by the monotonic clock. */
  #readAt: number;

  constructor(clock: Clock, position: Pick<Position, 'at'>) {
    this.#clock = clock;
    this.#position = position;
    this.#readAt = clock.monotonic();
  }

  /** What it is now. */
  read(): number {
    const passed = Math.floor(this.#clock.monotonic() - this.#readAt);
    return Math.max(this.#position.at + passed, this.#clock.now());
  }

  /** What it is now, and never below that from here on. */
  advance(): number {
    const passed = Math.floor(this.#clock.monotonic() - this.#readAt);
    const at = this.read();
    this.#readAt += passed;
    this.#position.at = at;
    return at;
  }
}
