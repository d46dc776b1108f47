/**
 * Young streams: a nats-server before 2.10 dies when it is asked for a message of a stream that another client's
 * request is creating at that moment, or to remove one, or to change its configuration (the stream has a name by
 * then, and no store). Information is safe. So before the first such question about a stream that has just been
 * made, this connection waits a moment.
 */
import type { Clock } from '../../clock.ts';
import type { Link } from './link.ts';

/** By the server's clock against ours; more than clocks of one machine or a kept network are apart. */
const YOUNG_MS = 5_000;
/** Creating takes a few milliseconds. */
const SETTLE_MS = 250;
const BIRTH_MS = 10;

export class YoungStreams {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #settled = new Set<string>();

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** Resolves when the stream may be asked anything; `createdOf` asks the server since when it exists. */
  async settle(stream: string, createdOf: () => Promise<string>): Promise<void> {
    if (!isFragile(this.#link.server.version) || this.#settled.has(stream)) return;
    const ageMs = this.#clock.now() - Date.parse(await createdOf());
    if (ageMs < YOUNG_MS) await this.#clock.sleep(SETTLE_MS);
    this.#settled.add(stream);
  }

  /** What `ask` tells of a stream, once that knows when it was created: in its first moment it names the year 1. */
  async born<T extends { readonly created: string }>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      const told = await ask();
      if (Date.parse(told.created) > 0) return told;
      await this.#clock.sleep(BIRTH_MS);
    }
  }

  /** The stream's creation was answered: it is whole. */
  isWhole(stream: string): void {
    this.#settled.add(stream);
  }

  /** The stream is missing: whoever makes it again makes a young one. */
  isGone(stream: string): void {
    this.#settled.delete(stream);
  }
}

function isFragile(version: string): boolean {
  return /^2\.\d\./.test(version);
}
