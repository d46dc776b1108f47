/**
 * What a seed decides of chaos beforehand: which fault strikes whom when and for how long, when people meddle, and which
 * tasks are added. Pure. When things take effect, real processes decide: the same plan gives another history each time.
 *
 * 1. All kinds are dealt before one comes again often: thirty seconds hold each at least once.
 * 2. No fault outlasts the time.
 */
import type { TaskSpec } from '../../schemas/index.ts';
import { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import { tasksOf } from './tasks.ts';

export type FaultKind =
  /** kill -9; the supervisor starts it again. */
  | 'kill'
  /** SIGSTOP, and SIGCONT before a lease is over. */
  | 'short-stop'
  /** The same for longer than a lease. */
  | 'long-stop'
  /** kill -9 of the nats-server; its keeper starts it again. */
  | 'bus-kill'
  /** Connections of one service are cut. */
  | 'cut'
  /** What one service and the bus say to each other takes its time. */
  | 'delay'
  /** Bytes vanish in one or both directions while both sockets stay open. */
  | 'half-open'
  /** No room under the bus's store. */
  | 'bus-disk'
  /** No room under one worker's state and trees. */
  | 'tree-disk';

export interface Fault {
  /** Milliseconds since the beginning. */
  readonly at: number;
  readonly kind: FaultKind;
  /** Name of a service; of a bus fault, `bus`. */
  readonly target: string;
  readonly lengthMs: number;
  /** Of `delay`. */
  readonly delayMs?: number;
  /** Of `half-open`: which bytes vanish. */
  readonly lost?: 'up' | 'down' | 'both';
  /** Of `half-open`: whether connections that are made meanwhile lose theirs, too. */
  readonly reach?: 'standing' | 'all';
}

export type WordKind = 'cancel' | 'retry' | 'edit' | 'letter';

/** Something that people do; what is drawn from `lot` chooses to whom. */
export interface Word {
  readonly at: number;
  readonly kind: WordKind;
  readonly lot: string;
}

export interface Members {
  readonly workers: readonly string[];
  readonly orchestrators: readonly string[];
  readonly committers: readonly string[];
  readonly takers: readonly string[];
  /** The worker whose disk can be full. */
  readonly cramped: string;
}

export interface ChaosPlan {
  readonly faults: readonly Fault[];
  readonly words: readonly Word[];
  readonly batches: readonly { readonly at: number; readonly tasks: readonly TaskSpec[] }[];
}

/** Process that keeps the nats-server: killed, it leaves a server behind. */
export const KEEPER = 'nats';

const DECK: readonly (readonly [FaultKind, number])[] = [
  ['kill', 4],
  ['short-stop', 1],
  ['long-stop', 2],
  ['bus-kill', 1],
  ['cut', 2],
  ['delay', 1],
  ['half-open', 2],
  ['bus-disk', 1],
  ['tree-disk', 1],
];

const FAULT_EVERY_MS = 2_000;
const WORD_EVERY_MS = 2_500;
const BATCH_EVERY_MS = 3_000;
const FIRST_AT_MS = 300;
/** Tasks come until so long before the end, so that the last ones meet faults, too. */
const LAST_BATCH_SHARE = 0.8;

export const faultKinds: readonly FaultKind[] = DECK.map(([kind]) => kind);

export function chaosPlan(seed: string, durationMs: number, leaseMs: number, members: Members): ChaosPlan {
  const random = new SeededRandom(`chaos ${seed}`);
  const count = Math.max(1, Math.floor(durationMs / FAULT_EVERY_MS));
  const dealing = random.fork('deck');
  let deck: FaultKind[] = [];
  const faults = Array.from({ length: count }, (_, n): Fault => {
    if (deck.length === 0) deck = shuffled(dealing);
    const kind = deck.pop() ?? 'kill';
    const own = random.fork(`fault ${n}`);
    const at = FIRST_AT_MS + ((n + own.next() * 0.8) * (durationMs - FIRST_AT_MS)) / count;
    return boundedFault(faultOf(own, kind, Math.round(at), leaseMs, members), durationMs);
  });
  const words = Array.from({ length: Math.floor(durationMs / WORD_EVERY_MS) }, (_, n): Word => {
    const lot = `word ${seed} ${n}`;
    const own = new SeededRandom(lot);
    const kinds: readonly WordKind[] = ['cancel', 'retry', 'retry', 'edit', 'edit', 'letter'];
    const at = Math.round((n + own.next()) * WORD_EVERY_MS);
    return { at, kind: own.pick(kinds) ?? 'edit', lot };
  });
  return { faults, words, batches: batchesOf(random.fork('tasks'), durationMs) };
}

/** Each kind as often as the deck holds it, in an order by lot. */
function shuffled(random: SeededRandom): FaultKind[] {
  return DECK.flatMap(([kind, times]) => Array.from({ length: times }, () => ({ kind, lot: random.next() })))
    .sort((one, other) => one.lot - other.lot)
    .map(({ kind }) => kind);
}

function boundedFault(fault: Fault, durationMs: number): Fault {
  return { ...fault, lengthMs: Math.round(Math.min(fault.lengthMs, durationMs - fault.at)) };
}

function faultOf(
  random: SeededRandom,
  kind: FaultKind,
  at: number,
  leaseMs: number,
  members: Members,
): Fault {
  const target = serviceOf(random, members);
  switch (kind) {
    case 'kill':
      return { at, kind, target: random.chance(0.08) ? KEEPER : target, lengthMs: 0 };
    case 'short-stop':
      return { at, kind, target, lengthMs: random.between(0.15, 0.8) * leaseMs };
    case 'long-stop':
      return { at, kind, target, lengthMs: random.between(1.3, 3) * leaseMs };
    case 'bus-kill':
      return { at, kind, target: 'bus', lengthMs: 0 };
    case 'cut':
      return { at, kind, target, lengthMs: 0 };
    case 'delay':
      return { at, kind, target, lengthMs: random.between(1_000, 8_000), delayMs: random.whole(50, 1_500) };
    case 'half-open':
      return {
        at,
        kind,
        target,
        lengthMs: random.between(2_000, 20_000),
        lost: random.pick(['up', 'down', 'both'] as const) ?? 'both',
        reach: random.pick(['standing', 'all'] as const) ?? 'all',
      };
    case 'bus-disk':
      return { at, kind, target: 'bus', lengthMs: random.between(500, 5_000) };
    case 'tree-disk':
      return { at, kind, target: members.cramped, lengthMs: random.between(2_000, 8_000) };
  }
}

/** Whoever leads and commits is struck more often than one of many workers. */
function serviceOf(random: SeededRandom, members: Members): string {
  const draw = random.next();
  const { orchestrators, committers, takers, workers } = members;
  const group = draw < 0.27 ? orchestrators : draw < 0.47 ? committers : draw < 0.6 ? takers : workers;
  return random.pick(group) ?? members.cramped;
}

function batchesOf(random: SeededRandom, durationMs: number): ChaosPlan['batches'] {
  const count = Math.max(1, Math.ceil((durationMs * LAST_BATCH_SHARE) / BATCH_EVERY_MS));
  const sizes = Array.from({ length: count }, () => random.whole(2, 5));
  const tasks = tasksOf(
    random,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  let from = 0;
  return sizes.map((size, n) => {
    from += size;
    return { at: n * BATCH_EVERY_MS, tasks: tasks.slice(from - size, from) };
  });
}
