/**
 * When a leader takes snapshots: at once where there is none, so that a journal that vanishes is noticed; then as soon as
 * the journal after the last one has grown past a bound in batches or bytes; and when it leaves. One at a time; a
 * failed one is tried again later and troubles nobody.
 */
import type { SnapshotManifest } from '../../schemas/index.ts';
import { type Image, partsOf } from '../../shared/board/snapshot.ts';
import type { SnapshotStanding, Snapshots } from '../../shared/bus/snapshots.ts';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';

/** How much of the journal a start folds at most, besides what comes while a snapshot is written. */
export interface SnapshotPolicy {
  readonly batches: number;
  readonly bytes: number;
}

export const snapshotPolicy: SnapshotPolicy = { batches: 5_000, bytes: 16 * 1024 ** 2 };

const RETRY_MS = 10_000;

/** An acked board and where it stood. */
export interface Taken {
  readonly image: Image;
  readonly standing: SnapshotStanding;
}

export interface SnapshotterOptions {
  readonly snapshots: Snapshots;
  readonly policy: SnapshotPolicy;
  /** Sequence of the snapshot the board began with. */
  readonly from: number | undefined;
  /** Batches folded after it. */
  readonly folded: number;
  readonly clock: Clock;
  readonly log: Log;
  /** The board between two batches; undefined when the term is over. */
  readonly take: (signal: AbortSignal) => Promise<Taken | undefined>;
}

export class Snapshotter {
  readonly #options: SnapshotterOptions;
  #newest: number | undefined;
  #batches: number;
  #bytes = 0;
  #lastBytes = 0;
  #wake = (): void => {};
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: SnapshotterOptions) {
    this.#options = options;
    this.#newest = options.from;
    this.#batches = options.folded;
  }

  /** Sequence of the newest verified snapshot. */
  get newest(): number | undefined {
    return this.#newest;
  }

  /** A batch was acked. */
  note(bytes: number): void {
    this.#batches += 1;
    this.#bytes += bytes;
    if (this.#isDue()) this.#wake();
  }

  /** Takes snapshots until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#isDue() || signal.aborted) resolve();
      });
      if (signal.aborted) return;
      const work = this.#write(await this.#options.take(signal), signal);
      this.#work = work;
      if (await work) continue;
      await this.#options.clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }

  /** A last one, of a board that nobody changes any more. */
  async leave(taken: Taken, signal: AbortSignal): Promise<void> {
    await this.#work;
    if (taken.standing.journal_seq !== this.#newest) await this.#write(taken, signal);
  }

  #isDue(): boolean {
    const { batches, bytes } = this.#options.policy;
    if (this.#newest === undefined) return true;
    // A large board is written more seldom than it grows: at most as many bytes as the journal.
    return this.#batches >= batches || this.#bytes >= Math.max(bytes, this.#lastBytes);
  }

  async #write(taken: Taken | undefined, signal: AbortSignal): Promise<boolean> {
    if (taken === undefined) return true;
    const { snapshots, log, clock } = this.#options;
    const [batches, bytes, startedMs] = [this.#batches, this.#bytes, clock.monotonic()];
    try {
      const manifest = await snapshots.write(partsOf(taken.image), taken.standing, signal);
      this.#newest = manifest.journal_seq;
      this.#batches -= batches;
      this.#bytes -= bytes;
      this.#lastBytes = manifest.size_bytes;
      log.info(said(manifest, clock.monotonic() - startedMs), 'snapshot taken');
      return true;
    } catch (error) {
      if (!signal.aborted) log.warn({ err: messageOf(error) }, 'a snapshot could not be taken');
      return false;
    }
  }
}

const said = ({ journal_seq, size_bytes, pieces }: SnapshotManifest, ms: number) => ({
  seq: journal_seq,
  size_bytes,
  pieces,
  ms: Math.round(ms),
});
