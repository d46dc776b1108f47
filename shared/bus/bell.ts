/**
 * Bell: wakes one waiter. Rung while nobody waits, the next wait is over at once, so that no ring is missed between
 * looking and waiting.
 */
import type { Clock } from '../clock.ts';

export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Until it rings. */
  async wait(): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = undefined;
    this.#rung = false;
  }

  /** Until it rings or the time is over. */
  async waitAtMost(ms: number, clock: Clock): Promise<void> {
    const over = new AbortController();
    // The sleep only ends the waiting: that it was cut short says nothing.
    const late = clock.sleep(ms, over.signal).then(
      () => this.ring(),
      () => undefined,
    );
    await this.wait();
    over.abort();
    await late;
  }
}
