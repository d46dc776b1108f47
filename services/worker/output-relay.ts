/**
 * Streams a harness's output to OUTPUT while it runs: plain publishes, gathered for a fifth of a second, bounded
 * in rate. What is left out is said; the log file on the worker's disk has everything.
 */
import type { Output } from '../../schemas/index.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import type { Clock } from '../../shared/clock.ts';

type Source = Output['stream'];

const FLUSH_MS = 200;
/** At most this much of each stream in one flush: 320 KiB/s. */
const FLUSH_CHARS = 64 * 1024;

export class OutputRelay {
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder(), worker: new TextDecoder() };
  readonly #texts = new Map<Source, { text: string; leftOut: number }>();
  readonly #options: { swarm: Bus; project: string; agent: string; run: string; fence: number; clock: Clock };
  readonly #end = new AbortController();
  #offset = 0;
  #flushing: Promise<void> | undefined;

  constructor(options: {
    swarm: Bus;
    project: string;
    agent: string;
    run: string;
    fence: number;
    clock: Clock;
  }) {
    this.#options = options;
  }

  take(source: Source, bytes: Uint8Array): void {
    this.#add(source, this.#decoders[source].decode(bytes, { stream: true }));
  }

  /** A line of the worker's own. */
  say(line: string): void {
    this.#add('worker', `${line}\n`);
  }

  /** Sends what is left. */
  async close(): Promise<void> {
    for (const source of ['stdout', 'stderr'] as const) this.#add(source, this.#decoders[source].decode());
    this.#end.abort();
    await this.#flushing;
    this.#flush();
  }

  #add(source: Source, text: string): void {
    if (text === '') return;
    const gathered = this.#texts.get(source) ?? { text: '', leftOut: 0 };
    const room = Math.max(0, FLUSH_CHARS - gathered.text.length);
    gathered.text += text.slice(0, room);
    gathered.leftOut += Math.max(0, text.length - room);
    this.#texts.set(source, gathered);
    this.#flushing ??= this.#flushLater();
  }

  async #flushLater(): Promise<void> {
    await this.#options.clock.sleep(FLUSH_MS, this.#end.signal).catch(() => undefined);
    this.#flushing = undefined;
    this.#flush();
  }

  #flush(): void {
    const { swarm, project, agent, run, fence, clock } = this.#options;
    for (const [stream, { text, leftOut }] of this.#texts) {
      const said = leftOut === 0 ? text : `${text}\n[${leftOut} characters left out]\n`;
      const output: Output = {
        v: 1,
        kind: 'output',
        fence,
        at: clock.now(),
        offset: this.#offset,
        stream,
        text: said,
      };
      this.#offset += text.length + leftOut;
      const { payload, headers } = encode('Output', output);
      swarm.publish(subjectsOf(project).output(agent, run), payload, headers);
    }
    this.#texts.clear();
  }
}
