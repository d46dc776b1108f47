/**
 * What happens on a real bus, recorded for the witness: JOURNAL and MAIL are read when all is over, BEAT while it lives (it
 * keeps only the newest), and claims, commands and their answers as they pass. What passes while this recorder is itself
 * without the bus is missed: a witness of the tape says nothing of what it did not see.
 */
import { tryDecode } from '../../shared/bus/codec.ts';
import type { Bus, Delivery, Stored } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';

/** A message that passed. */
export interface Passed {
  readonly at: number;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly replyTo?: string;
}

/** In any order. */
export interface Tape {
  readonly stored: readonly Stored[];
  readonly passed: readonly Passed[];
}

/** Answers that are waited for: past that the oldest is forgotten. */
const MOST_ASKED = 20_000;
const RETRY_MS = 100;
const READ_MS = 60_000;

export class Recorder {
  readonly #swarm: Bus;
  readonly #core: Bus;
  readonly #project: string;
  readonly #clock: Clock;
  readonly #passed: Passed[] = [];
  readonly #beats: Stored[] = [];
  readonly #asked = new Set<string>();
  readonly #over = new AbortController();
  readonly #heardAt = new Map<string, number>();
  #listening: Promise<unknown> = Promise.resolve();

  constructor(options: {
    readonly swarm: Bus;
    readonly core: Bus;
    readonly project: string;
    readonly clock: Clock;
  }) {
    this.#swarm = options.swarm;
    this.#core = options.core;
    this.#project = options.project;
    this.#clock = options.clock;
  }

  /** Begins to listen; `stop` ends it. */
  start(): void {
    const { prefix } = subjectsOf(this.#project);
    const heard = [`${prefix}.claim.*`, `${prefix}.command.*`, `_INBOX.${this.#project}.>`].map((subject) =>
      this.#listen(subject),
    );
    this.#listening = Promise.all([...heard, this.#follow()]);
  }

  /** Wall time of the last beat of an agent. */
  beatOf(agent: string): number | undefined {
    return this.#heardAt.get(agent);
  }

  /** Ends the listening. Safe to call again. */
  async close(): Promise<void> {
    this.#over.abort();
    await this.#listening;
  }

  /** Ends the listening, and reads what the streams hold. */
  async stop(): Promise<Tape> {
    await this.close();
    const { journal, mail } = streamNames(this.#project);
    // Of what was stored in the same millisecond the mail was there before what the journal says of it.
    const stored = [
      ...this.#beats,
      ...(await wholeStream(this.#swarm, mail)),
      ...(await wholeStream(this.#core, journal)),
    ];
    return { stored, passed: this.#passed };
  }

  async #listen(subject: string): Promise<void> {
    const subscription = this.#swarm.subscribe(subject);
    this.#over.signal.addEventListener('abort', () => subscription.close(), { once: true });
    for await (const message of subscription) this.#hear(message);
  }

  #hear({ subject, payload, headers, replyTo }: Delivery): void {
    const isAnswer = this.#asked.delete(subject);
    if (!isAnswer && subject.startsWith('_INBOX.')) return;
    if (!isAnswer && replyTo !== undefined) {
      this.#asked.add(replyTo);
      const [oldest] = this.#asked;
      if (this.#asked.size > MOST_ASKED && oldest !== undefined) this.#asked.delete(oldest);
    }
    const at = this.#clock.now();
    this.#passed.push({ at, subject, payload, headers, ...(replyTo === undefined ? {} : { replyTo }) });
  }

  /** Beats with the server's own times. Their stream is made anew by whoever leads after a restart of the bus. */
  async #follow(): Promise<void> {
    const { beat } = streamNames(this.#project);
    const { signal } = this.#over;
    while (!signal.aborted) {
      try {
        for await (const message of this.#swarm.streams.read(beat, { fromSeq: 1 }, signal)) {
          if (this.#beats.at(-1)?.seq === message.seq && this.#beats.at(-1)?.at === message.at) continue;
          this.#beats.push(message);
          const agent = message.subject.split('.').at(-1) ?? '';
          if (tryDecode('Beat', message).ok) this.#heardAt.set(agent, message.at);
        }
      } catch (error) {
        if (!isWaggleError(error)) throw error;
        await this.#clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }
}

/** Everything that stands in a stream now. */
async function wholeStream(bus: Bus, name: string): Promise<Stored[]> {
  const last = (await bus.streams.info(name))?.lastSeq ?? 0;
  const stored: Stored[] = [];
  if (last === 0) return stored;
  const enough = new AbortController();
  const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(READ_MS)]);
  for await (const message of bus.streams.read(name, { fromSeq: 1 }, signal)) {
    stored.push(message);
    if (message.seq >= last) enough.abort();
  }
  if ((stored.at(-1)?.seq ?? 0) < last)
    throw new Error(`${name} could not be read to its end: ${stored.at(-1)?.seq ?? 0} of ${last}`);
  return stored;
}
