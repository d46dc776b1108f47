/**
 * Arrivals: what a callback puts in and one reader takes out, in order. Knows nothing of NATS.
 *
 * 1. One reader at a time: a second `wait` would steal the first one's wake-up.
 * 2. `end` keeps what has arrived: the reader takes it first, then sees `ended`. `clear` drops it.
 */

type WaitResult = 'ready' | 'ended' | 'silent';

export class Arrivals<T> {
  #items: (T | undefined)[] = [];
  #head = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Why it ended, when it ended badly. */
  get error(): Error | undefined {
    return this.#error;
  }

  push(item: T): void {
    if (this.#ended) return;
    this.#items.push(item);
    this.#wake?.();
  }

  /** The oldest, or undefined when nothing is there. */
  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Nothing more will arrive. Only the first call counts. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Drops what has arrived. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** Resolves when something is there or nothing will come any more, or after `silentMs` without either. */
  async wait(silentMs?: number): Promise<WaitResult> {
    if (this.size === 0 && !this.#ended) await this.#woken(silentMs);
    if (this.size > 0) return 'ready';
    return this.#ended ? 'ended' : 'silent';
  }

  #woken(silentMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = silentMs === undefined ? undefined : setTimeout(() => wake(), silentMs);
      const wake = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
    });
  }
}
