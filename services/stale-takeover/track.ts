/**
 * What the watch knows of one grant in one agent's hands: when a beat last listed it, and when it last moved. Two
 * different signs: a worker whose harness hangs is alive and makes no progress (DESIGN 2.3). Pure; times are of the
 * watcher's monotonic clock unless a name says otherwise.
 *
 * 1. Nothing here makes a grant look older than it is: what is not known counts as having happened just now.
 * 2. A nudge counts only when it was seen to come while nothing moved.
 */
import type { Beat, QueryAnswerOf } from '../../schemas/index.ts';

/** A live grant, as the leader tells of it. */
export type WatchedGrant = QueryAnswerOf<'status'>['grants'][number];

/** A beat as it stands in BEAT. */
export interface StoredBeat {
  readonly seq: number;
  /** The bus's wall time. */
  readonly storedAt: number;
  readonly beat: Beat;
}

/** What the last beat that listed the grant said. */
export interface LastSign {
  readonly at: number;
  /** The bus's wall time of storing it: older than `at` for a beat that lay there when the watch began. */
  readonly storedAt: number;
  readonly phase: string;
  readonly outputBytes: number;
  readonly outputAgeMs: number | undefined;
  readonly host: string;
  /** How often its agent means to beat. */
  readonly everyMs: number;
}

export class Track {
  readonly agent: string;
  readonly fence: number;
  readonly firstSeenAt: number;
  #progressAt: number;
  #sign: LastSign | undefined;
  #grant: WatchedGrant | undefined;
  #nudgeSeenAt: number | undefined;
  /** When something was last reported of it. */
  reportedAt: number | undefined;

  constructor(agent: string, fence: number, at: number) {
    this.agent = agent;
    this.fence = fence;
    this.firstSeenAt = at;
    this.#progressAt = at;
  }

  get sign(): LastSign | undefined {
    return this.#sign;
  }

  /** Absent while only beats speak of it. */
  get grant(): WatchedGrant | undefined {
    return this.#grant;
  }

  get progressAt(): number {
    return this.#progressAt;
  }

  /** When the nudge for the present silence was seen; absent when none was. */
  get nudgedAt(): number | undefined {
    const at = this.#nudgeSeenAt;
    return at !== undefined && at > this.#progressAt ? at : undefined;
  }

  /** A beat listed the grant. */
  heard(at: number, { storedAt, beat }: StoredBeat, listed: Beat['grants'][number]): void {
    const { phase, output_bytes, output_age_ms } = listed;
    const before = this.#sign;
    this.#sign = {
      at,
      storedAt,
      phase,
      outputBytes: output_bytes,
      outputAgeMs: output_age_ms,
      host: beat.place.host,
      everyMs: beat.every_ms,
    };
    const outputAt = at - (output_age_ms ?? 0);
    if (before === undefined || before.phase !== phase) this.#moved(at);
    else if (before.outputBytes !== output_bytes || output_age_ms !== undefined) this.#moved(outputAt);
  }

  /** The leader told of the grant. */
  told(at: number, grant: WatchedGrant): void {
    const before = this.#grant;
    this.#grant = grant;
    if (before === undefined) return;
    const isNudged = grant.nudged_at !== undefined && grant.nudged_at !== before.nudged_at;
    // The nudge itself is a change of the task, and no progress.
    if (grant.revision - before.revision > (isNudged ? 1 : 0)) this.#moved(at);
    if (isNudged) this.#nudgeSeenAt = at;
  }

  #moved(at: number): void {
    this.#progressAt = Math.max(this.#progressAt, at);
  }
}
