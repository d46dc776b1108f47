/**
 * Writing messages into an empty stream at the sequences that they had.
 *
 * 1. What lies before the first message is skipped by a purge of the empty stream. A gap further on is filled with
 *    messages under a subject of their own, which are all removed at the end.
 *    Older servers refuse every right expectation on a stream that was purged so, until they are restarted: there,
 *    a stream whose writers expect sequences gets messages in the place of the skipped ones, too.
 * 2. Each append says which sequence it expects to follow, so nobody else's message gets in between unnoticed.
 * 3. Many are under way at once; they reach the server in the order of the calls.
 */
import type { Appended, AppendOptions, Headers, Payload } from '../bus/port.ts';
import { WaggleError } from '../errors.ts';
import type { StreamPlace } from './places.ts';

const IN_FLIGHT = 64;
const TIMEOUT_MS = 30_000;
const NOTHING = new Uint8Array();

export interface StreamWriterOptions {
  /** Subject for what fills gaps. */
  readonly filler: string;
  /** Whether others will append to the stream with the sequence that they expect. */
  readonly isExpectedOf: boolean;
}

export class StreamWriter {
  readonly #place: StreamPlace;
  readonly #filler: string;
  readonly #isExpectedOf: boolean;
  readonly #isOld: boolean;
  readonly #inFlight: Promise<void>[] = [];
  /** The sequence that the next message gets. */
  #next = 1;
  #isEmpty = true;
  #mayExpect = true;
  /** The first message that is not there to fill a gap. */
  #first: number | undefined;
  #hasFilled = false;

  constructor(place: StreamPlace, { filler, isExpectedOf }: StreamWriterOptions) {
    this.#place = place;
    this.#filler = filler;
    this.#isOld = isBefore210(place.bus.server().version);
    this.#isExpectedOf = isExpectedOf;
  }

  /** Errors: `refused` when the stream does not give the sequence; the port's. */
  async put(seq: number, subject: string, payload: Payload, headers: Headers): Promise<void> {
    await this.#reach(seq);
    this.#first ??= seq;
    await this.#append(subject, payload, headers);
  }

  /** Resolves when all is stored and the stream's last sequence is `last`. */
  async finish(last: number): Promise<void> {
    await this.#reach(last + 1);
    await this.drain();
    const { bus, name } = this.#place;
    if (!this.#hasFilled) return;
    await bus.streams.purge(name, { before: this.#first ?? last + 1 });
    if (!this.#isExpectedOf) await bus.streams.purge(name, { subject: this.#filler });
  }

  /** Resolves when nothing is under way any more. */
  async drain(): Promise<void> {
    await Promise.all(this.#inFlight.splice(0));
  }

  async #reach(seq: number): Promise<void> {
    if (seq < this.#next) throw new Error(`sequence ${seq} comes after ${this.#next - 1}`);
    if (this.#isEmpty && seq > this.#next && !(this.#isExpectedOf && this.#isOld)) {
      const { bus, name } = this.#place;
      await bus.streams.purge(name, { before: seq });
      this.#next = seq;
      if (this.#isOld) this.#mayExpect = false;
    }
    while (this.#next < seq) {
      // Such a stream has one subject: what fills a gap could not be told from the rest.
      if (this.#isExpectedOf && this.#first !== undefined) throw new Error(`nothing stands at ${this.#next}`);
      this.#hasFilled = true;
      await this.#append(this.#filler, NOTHING, {});
    }
  }

  async #append(subject: string, payload: Payload, headers: Headers): Promise<void> {
    const seq = this.#next;
    const { bus } = this.#place;
    const options: AppendOptions = {
      headers,
      timeoutMs: TIMEOUT_MS,
      ...(this.#mayExpect ? { expectLastSeq: seq - 1 } : {}),
    };
    const done = bus.append(subject, payload, options).then((acked) => this.#expect(seq, acked));
    // Awaited with the others; until then it is nobody's unhandled rejection.
    done.catch(() => undefined);
    this.#inFlight.push(done);
    this.#isEmpty = false;
    this.#next = seq + 1;
    if (this.#inFlight.length >= IN_FLIGHT) await this.#inFlight.shift();
  }

  #expect(wanted: number, { stream, seq }: Appended): void {
    if (seq === wanted && stream === this.#place.name) return;
    const message = `stream ${this.#place.name} gave sequence ${seq} instead of ${wanted}: somebody else writes there`;
    throw new WaggleError('refused', { message, reason: 'in-use' });
  }
}

function isBefore210(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 2 || (major === 2 && minor < 10);
}
