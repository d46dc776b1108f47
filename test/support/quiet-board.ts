/**
 * Time that passes only when it is waited for, and a bus on which an orchestrator without any task answers: for tests
 * of hours in which nothing happens.
 */
import type { Claim, ClaimAnswer, QueryAnswer } from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import { decode, encode } from '../../shared/bus/codec.ts';
import type { Bus, Delivery, Subscription } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';

export interface PassingTime extends Clock {
  /** Lets that much time pass, and whoever sleeps wake in order. */
  pass(ms: number): Promise<void>;
}

export function passingTime(): PassingTime {
  let now = 0;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: now + ms, wake: () => settle(resolve) };
        const settle = (end: () => void) => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
          end();
        };
        const onAbort = () => settle(() => reject(signal?.reason));
        if (signal?.aborted === true) return reject(signal.reason);
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
      }),
    async pass(ms) {
      const until = now + ms;
      for (;;) {
        const [next] = [...sleepers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        now = Math.max(now, next.at);
        next.wake();
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = until;
    },
  };
}

export interface QuietBoard extends Bus {
  readonly claims: Claim[];
  /** How many were published. */
  readonly beats: () => number;
}

/** Every claim waits as long as it may and then finds nothing. */
export function quietBoard(clock: PassingTime): QuietBoard {
  const claims: Claim[] = [];
  let beats = 0;
  const head = { v: 1, term: 1, journal_seq: 1, genesis: 'g' } as const;
  const answers: Record<string, QueryAnswer> = {
    counts: { ...head, kind: 'counts', states: {}, ready: 0, total: 0 },
    grants: { ...head, kind: 'grants', ended: [] },
    status: {
      ...head,
      kind: 'status',
      project: 'test',
      leader: 'l',
      started_at: 0,
      states: {},
      ready: 0,
      total: 0,
      waiting: { task: 0, commit: 0 },
      grants: [],
      lanes: {},
      config: emptyConfig,
      refused: {},
      mail_seq: 0,
      format: 1,
    },
  };
  const delivered = ({
    payload,
    headers,
  }: {
    payload: Uint8Array;
    headers: Record<string, string>;
  }): Delivery => ({
    subject: 'answer',
    payload,
    headers,
    respond() {},
  });
  const silent = (): Subscription => {
    let close = () => {};
    const closed = new Promise<void>((resolve) => {
      close = resolve;
    });
    return {
      close: () => close(),
      [Symbol.asyncIterator]: () => ({
        next: () => closed.then(() => ({ done: true as const, value: undefined })),
      }),
    };
  };
  return {
    account: 'swarm',
    claims,
    beats: () => beats,
    server: () => ({ version: 'none', url: 'none', maxPayloadBytes: 1_000_000 }),
    isConnected: () => true,
    onStatus: () => () => {},
    publish: () => {
      beats += 1;
    },
    async request(subject, payload, { headers = {}, signal }) {
      const asked = { payload, headers };
      if (!subject.includes('.claim.')) {
        return delivered(encode('QueryAnswer', answers[decode('Query', asked).kind] as QueryAnswer));
      }
      const claim = decode('Claim', asked);
      claims.push(claim);
      await clock.pass(claim.wait_ms);
      signal?.throwIfAborted();
      const nothing: ClaimAnswer = { ...head, kind: 'nothing' };
      return delivered(encode('ClaimAnswer', nothing));
    },
    subscribe: silent,
    append: async () => ({ stream: 's', seq: 1, duplicate: false }),
    streams: {} as Bus['streams'],
    flush: async () => {},
    close: async () => {},
  };
}
