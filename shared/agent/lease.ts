/**
 * The project's lease as an agent knows it: what the leader said last. Each grant says it anew, so that an agent that
 * started before the project was configured does not beat too seldom for ever.
 */
export class Lease {
  #ms: number;
  #changed = new AbortController();

  constructor(ms: number) {
    this.#ms = ms;
  }

  get ms(): number {
    return this.#ms;
  }

  /** Aborts with the next change. */
  get changed(): AbortSignal {
    return this.#changed.signal;
  }

  become(ms: number): void {
    if (ms === this.#ms) return;
    this.#ms = ms;
    const before = this.#changed;
    this.#changed = new AbortController();
    before.abort();
  }
}
