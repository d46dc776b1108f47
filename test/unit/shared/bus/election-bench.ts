/**
 * An election without a server: a key that several candidates share, connections that fail as told, and a clock
 * for each candidate that a test moves. The real server's part is in `test/integration/election.test.ts`.
 */
import { campaign, type ElectionOptions } from '../../../../shared/bus/election.ts';
import type { ElectionBus } from '../../../../shared/bus/leadership-key.ts';
import type { BusStatus, Stored } from '../../../../shared/bus/port.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { type KeptLog, keptLog } from '../../../support/kept-log.ts';

export const LEASE_MS = 1_500;
export const SUBJECT = '$KV.WG_LEADERS_test.orchestrator';

/** Lets everything run that waits for no timer. */
async function settle(): Promise<void> {
  for (let n = 0; n < 10; n += 1) await new Promise((resolve) => setImmediate(resolve));
}

interface Timer {
  readonly at: number;
  readonly ring: () => void;
}

export class ManualClock implements Clock {
  #monotonic = 5_000;
  #wall = 1_700_000_000_000;
  readonly #timers = new Set<Timer>();

  now = () => this.#wall;
  monotonic = () => this.#monotonic;
  sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted();
      const abort = () => {
        this.#timers.delete(timer);
        reject(signal?.reason);
      };
      const ring = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const timer = { at: this.#monotonic + ms, ring };
      this.#timers.add(timer);
      signal?.addEventListener('abort', abort, { once: true });
    });

  /** Time passes for a process that runs. */
  async advance(ms: number): Promise<void> {
    const until = this.#monotonic + ms;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) break;
      this.#move(Math.max(0, next.at - this.#monotonic));
      this.#timers.delete(next);
      next.ring();
      await settle();
    }
    this.#move(until - this.#monotonic);
    await settle();
  }

  /** Time passes for a process that is stopped: nothing of it runs until the next `advance`. */
  stop(ms: number): void {
    this.#move(ms);
  }

  /** The machine sleeps: only the wall clock goes on. */
  suspend(ms: number): void {
    this.#wall += ms;
  }

  #move(ms: number): void {
    this.#monotonic += ms;
    this.#wall += ms;
  }
}

/** The LEADERS stream, without a server. */
export class KeyStore {
  seq = 0;
  isThere = true;
  last: Stored | undefined;

  write(subject: string, payload: Uint8Array, headers: Record<string, string>, expected?: number): number {
    if (!this.isThere) throw new WaggleError('stream-missing', { stream: 'LEADERS' });
    if (expected !== undefined && expected !== (this.last?.seq ?? 0))
      throw new WaggleError('wrong-last-sequence', { subject, expected });
    this.seq += 1;
    this.last = { stream: 'LEADERS', seq: this.seq, subject, payload, headers, at: 0 };
    return this.seq;
  }

  /** What stands at the key, as JSON. */
  value(): Record<string, unknown> {
    return JSON.parse(Buffer.from(this.last?.payload ?? '{}').toString()) as Record<string, unknown>;
  }
}

/** What becomes of the next append: stored or not, with its answer lost. */
type Mishap = 'answer-lost' | 'append-lost';

export interface TestConnection extends ElectionBus {
  set(status: Extract<BusStatus, 'connected' | 'disconnected' | 'closed'>): void;
  next(...mishaps: Mishap[]): void;
}

export function connectTo(store: KeyStore): TestConnection {
  const listeners = new Set<(status: BusStatus) => void>();
  const mishaps: Mishap[] = [];
  let state: BusStatus = 'connected';
  const mustBeUp = () => {
    if (state !== 'connected') throw new WaggleError('bus-closed', { reason: state, sent: false });
  };
  return {
    set(status) {
      state = status;
      for (const listener of listeners) listener(status);
    },
    next: (...more) => void mishaps.push(...more),
    isConnected: () => state === 'connected',
    onStatus(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async append(subject, payload, options = {}) {
      mustBeUp();
      const mishap = mishaps.shift();
      const lost = new WaggleError('bus-timeout', { what: subject, timeoutMs: options.timeoutMs });
      if (mishap === 'append-lost') throw lost;
      const seq = store.write(subject, payload, { ...options.headers }, options.expectLastSubjectSeq);
      if (mishap === 'answer-lost') throw lost;
      return { stream: 'LEADERS', seq, duplicate: false };
    },
    streams: {
      async get() {
        mustBeUp();
        if (!store.isThere) throw new WaggleError('stream-missing', { stream: 'LEADERS' });
        return store.last;
      },
      async ensure() {
        mustBeUp();
        store.isThere = true;
        return 'created';
      },
    },
  };
}

export interface Candidate {
  readonly name: string;
  readonly clock: ManualClock;
  readonly core: TestConnection;
  readonly log: KeptLog;
  /** One for each term; `why` its signal aborted. */
  readonly terms: { why?: string; isHeld: () => boolean; signal: AbortSignal }[];
  isLeading(): boolean;
  /** Makes the running `lead` end: with an error, or well. */
  giveUp(error?: unknown): void;
  abort(): void;
  readonly done: Promise<void>;
}

export interface CandidateOptions extends Partial<ElectionOptions> {
  /** Between the abort of a term and the end of `lead`. */
  readonly windUpMs?: number;
}

/** Campaigns until it is aborted. */
export function candidate(name: string, store: KeyStore, options: CandidateOptions = {}): Candidate {
  const { windUpMs = 0, ...more } = options;
  const clock = new ManualClock();
  const core = connectTo(store);
  const log = keptLog();
  const end = new AbortController();
  const terms: Candidate['terms'] = [];
  let running = 0;
  let giveUp: (error?: unknown) => void = () => undefined;
  const done = campaign(
    {
      core,
      project: 'test',
      role: 'orchestrator',
      identity: name,
      leaseMs: () => LEASE_MS,
      clock,
      randomId: () => '0000',
      log,
      ...more,
    },
    async (signal, isHeld) => {
      const term: Candidate['terms'][number] = { signal, isHeld };
      terms.push(term);
      running += 1;
      try {
        await new Promise<void>((resolve, reject) => {
          giveUp = (error) => (error === undefined ? resolve() : reject(error));
          signal.addEventListener('abort', () => {
            term.why = String((signal.reason as Error).message);
            resolve();
          });
        });
        if (windUpMs > 0) await clock.sleep(windUpMs);
      } finally {
        running -= 1;
      }
    },
    end.signal,
  );
  return {
    name,
    clock,
    core,
    log,
    terms,
    isLeading: () => running > 0,
    giveUp: (error) => giveUp(error),
    abort: () => end.abort(new Error('told to leave')),
    done,
  };
}

/** Time passes for all of them alike, in steps of a few milliseconds. */
export async function pass(ms: number, ...candidates: readonly Candidate[]): Promise<void> {
  const step = 5;
  await settle();
  for (let passed = 0; passed < ms; passed += step)
    for (const one of candidates) await one.clock.advance(Math.min(step, ms - passed));
}

/** The time that passes until it is so. */
export async function passUntil(
  isSo: () => boolean,
  limitMs: number,
  ...candidates: readonly Candidate[]
): Promise<number> {
  await settle();
  for (let passed = 0; passed <= limitMs; passed += 5) {
    if (isSo()) return passed;
    await pass(5, ...candidates);
  }
  throw new Error(`not so within ${limitMs} ms`);
}

/** All leave, each as fast as its `lead` does. */
export async function leaveAll(...candidates: readonly Candidate[]): Promise<void> {
  for (const one of candidates) one.abort();
  await pass(50, ...candidates);
  await Promise.all(candidates.map(({ done }) => done));
}
