/**
 * What the journal says of grants: who held which, whether ever two at once, what was taken over. Pure.
 */
import type { Batch } from '../../schemas/index.ts';

export interface GrantFact {
  readonly task: string;
  readonly kind: 'work' | 'commit' | 'manual';
  readonly agent: string;
  readonly run: string;
}

export interface JournalFacts {
  /** Every grant there ever was, by fence. */
  readonly grants: ReadonlyMap<number, GrantFact>;
  /** Tasks that had two live grants at some instant. */
  readonly doubleOwned: readonly string[];
  readonly takeovers: number;
  /** How often the lead passed on. */
  readonly failovers: number;
  /** Between the first grant and the last end. */
  readonly busyMs: number;
}

/** `batches`: all of them, oldest first. */
export function readJournal(batches: readonly Batch[]): JournalFacts {
  const grants = new Map<number, GrantFact>();
  const live = new Map<string, Set<number>>();
  const doubleOwned = new Set<string>();
  let takeovers = 0;
  let led = 0;
  let firstAt: number | undefined;
  let lastAt = 0;
  for (const { at, events } of batches) {
    for (const event of events) {
      if (event.type === 'led') led += 1;
      if (event.type === 'granted') {
        const { task, grant } = event;
        const { kind, agent, run, fence } = grant;
        grants.set(fence, { task, kind, agent, run });
        const held = live.get(task) ?? new Set();
        if (held.size > 0) doubleOwned.add(task);
        live.set(task, held.add(fence));
        firstAt ??= at;
      }
      if (event.type === 'grant_ended') {
        live.get(event.task)?.delete(event.end.fence);
        if (event.end.why === 'takeover') takeovers += 1;
        lastAt = at;
      }
    }
  }
  return {
    grants,
    doubleOwned: [...doubleOwned],
    takeovers,
    failovers: Math.max(0, led - 1),
    busyMs: firstAt === undefined ? 0 : Math.max(0, lastAt - firstAt),
  };
}
