/**
 * What was refused because it was no valid message: counted by kind and sender, logged once per sender and kind,
 * so that a broken or hostile client can fill neither the log nor the memory.
 */
import type { Log } from '../../shared/log.ts';

const SENDERS_KEPT = 1_000;

export class Refusals {
  readonly #log: Log;
  readonly #counts = new Map<string, number>();
  readonly #logged = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** `what`: the kind of message, e.g. `claim`. */
  count(what: string, from: string, fault: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
    const key = `${what}/${from}`;
    if (this.#logged.has(key) || this.#logged.size >= SENDERS_KEPT) return;
    this.#logged.add(key);
    this.#log.warn({ what, from, fault }, 'a message was refused; more of this sender are only counted');
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
