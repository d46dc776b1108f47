/**
 * Leadership as data: the key of a role, what is written there, what it means to a candidate, and the times of an
 * election, all of which follow from its lease. Pure.
 */
import type { Headers, Payload, Stored } from './port.ts';

export type LeaderRole = 'orchestrator' | 'stale-takeover';

/** A worst case of 2 s from the death of a leader to the next one's term: lease, one look, jitter. */
export const ELECTION_LEASE_MS = 1_600;

/** The subject of a role's key; `>` for all. */
export const leaderSubject = (project: string, role: LeaderRole | '>'): string =>
  `$KV.WG_LEADERS_${project}.${role}`;

export interface ElectionTimes {
  readonly leaseMs: number;
  /** From one renewal to the next. */
  readonly renewMs: number;
  /** How long a renewal that is due, or a connection, may be missing before a leader steps down. */
  readonly lateMs: number;
  /** How often a leader looks at its own clock. */
  readonly tickMs: number;
  /** How often a follower looks at the key. */
  readonly lookMs: number;
  /** Most of what a follower waits beyond the lease, so that two seldom try at once. */
  readonly jitterMs: number;
  /** How long who gave the lead up lets others try. */
  readonly restMs: number;
  /** How long a leader that is leaving keeps the others waiting. */
  readonly leaveMs: number;
}

const RENEWALS_PER_LEASE = 5;

export function electionTimes(leaseMs: number): ElectionTimes {
  return {
    leaseMs,
    renewMs: leaseMs / RENEWALS_PER_LEASE,
    lateMs: leaseMs / 3,
    tickMs: leaseMs / 15,
    lookMs: leaseMs / 6,
    jitterMs: leaseMs / 16,
    restMs: leaseMs / 2,
    leaveMs: leaseMs * 5,
  };
}

/** What stands at a key; `revision` is what a write has to expect. */
export type Standing =
  | { readonly kind: 'vacant'; readonly revision: number }
  | { readonly kind: 'held'; readonly revision: number; readonly holder: string; readonly everyMs: number }
  | { readonly kind: 'unreadable'; readonly revision: number };

/** The value of a key. `at` (wall time of writing) is for people alone. */
export interface LeaderMark {
  readonly holder: string;
  readonly everyMs: number;
  readonly at: number;
  readonly released: boolean;
}

export function encodeMark({ holder, everyMs, at, released }: LeaderMark): {
  payload: Payload;
  headers: Headers;
} {
  const value = { v: 1, holder, every_ms: everyMs, at, ...(released ? { released } : {}) };
  return { payload: Buffer.from(JSON.stringify(value)), headers: { 'Content-Type': 'application/json' } };
}

/** Nothing, a released mark and a key deleted with KV tools are vacant. */
export function readStanding(stored: Stored | undefined): Standing {
  if (stored === undefined) return { kind: 'vacant', revision: 0 };
  const { seq: revision, headers, payload } = stored;
  if (headers['KV-Operation'] !== undefined) return { kind: 'vacant', revision };
  const value = parse(payload);
  if (value['v'] !== 1 || typeof value['holder'] !== 'string' || value['holder'] === '')
    return { kind: 'unreadable', revision };
  if (value['released'] === true) return { kind: 'vacant', revision };
  const everyMs = Number.isFinite(value['every_ms']) ? Number(value['every_ms']) : 0;
  return { kind: 'held', revision, holder: value['holder'], everyMs };
}

/** What a follower has seen of one revision: when first, by its monotonic clock, and how long it lets it stand. */
export interface Sighting {
  readonly revision: number;
  readonly sinceMs: number;
  readonly patienceMs: number;
}

/** A holder that says it renews more seldom than this is waited for no longer. */
const LONGEST_PATIENCE_MS = 60_000;

/**
 * The sighting after a look that ended at `nowMs`. A holder with a longer lease than ours is given its own; `chance`
 * (0 to below 1) gives this candidate's share of the jitter.
 */
export function sight(
  before: Sighting | undefined,
  standing: Standing,
  nowMs: number,
  { leaseMs, jitterMs }: ElectionTimes,
  chance: () => number,
): Sighting {
  const { revision } = standing;
  if (before?.revision === revision) return before;
  const theirsMs = standing.kind === 'held' ? standing.everyMs * RENEWALS_PER_LEASE : 0;
  const patienceMs = Math.max(leaseMs, Math.min(theirsMs, LONGEST_PATIENCE_MS)) + jitterMs * chance();
  return { revision, sinceMs: nowMs, patienceMs };
}

function parse(payload: Payload): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // Not even JSON: as unreadable as JSON that says something else.
    return {};
  }
}
