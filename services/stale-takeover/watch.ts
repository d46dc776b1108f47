/**
 * The judge: which grants' owners are dead, or alive without progress (DESIGN 2.3). Pure: told what was heard and
 * when, by one monotonic clock; knows no clock and no bus.
 *
 * 1. Nobody is judged before a whole lease of watching without a break. A break is a start of this process, of its
 *    lead, of a connection or of BEAT, and a gap in its own loop (stopped, suspended): whoever misses beats must not
 *    take them for silence.
 * 2. Nobody is judged unless the watcher's own beat came back through BEAT within half a lease, and the leader told
 *    of the grants within half a lease: a beat that cannot get here is no silence.
 * 3. Only a beat that lists a grant renews it, and only for the agent that sent it.
 * 4. Before a grant is taken its agent's last beat is read afresh (`look`); what that shows counts.
 * 5. A verdict is repeated at a modest pace for as long as the grant lives: nobody hears whether it was refused.
 */
import type { Policies, QueryAnswerOf } from '../../schemas/index.ts';
import { lastSignText } from './last-sign.ts';
import { type StoredBeat, Track, type WatchedGrant } from './track.ts';

/** One moment by both clocks: they part when the machine sleeps. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

export type Status = Pick<QueryAnswerOf<'status'>, 'term' | 'journal_seq' | 'genesis' | 'grants' | 'config'>;

export type Verdict =
  /** Read that agent's last beat, tell it by `looked`, and judge again. */
  | { readonly kind: 'look'; readonly agent: string }
  /** `nudge`: alive without progress, seen first. `dead`, `stale`: to be taken. */
  | {
      readonly kind: 'nudge' | 'dead' | 'stale';
      readonly grant: WatchedGrant;
      readonly silentMs: number;
      readonly lastSign: string;
    };

/** Why nobody is judged: no word of the leader, a lease of watching not over, own beat not back. */
export type Withheld = 'no-status' | 'watching' | 'no-echo';

export interface Judgement {
  readonly verdicts: readonly Verdict[];
  readonly withheld?: Withheld;
}

/** Parts of a lease. */
const FRESH_SHARE = 1 / 2;
const GAP_SHARE = 1 / 2;
const LOOK_SHARE = 1 / 4;
const REPEAT_SHARE = 1 / 3;
/** Beats that an agent of another lease than the board's may miss, and how long one is waited for at most. */
const MISSED_BEATS = 3;
const LONGEST_PATIENCE_MS = 600_000;
/** Grants that only beats speak of: no more are remembered. */
const KEPT = 10_000;

/** How often `judge` should be called. */
export const judgeEveryMs = (leaseMs: number): number => Math.min(1_000, leaseMs / 8);

export class Watch {
  readonly #tracks = new Map<string, Track>();
  /** Sequence in BEAT of each agent's last known beat. */
  readonly #beats = new Map<string, number>();
  readonly #looked = new Map<string, number>();
  #status: Status | undefined;
  #statusAt = Number.NEGATIVE_INFINITY;
  #beganAt: number;
  #echoAt = Number.NEGATIVE_INFINITY;
  #last: Moment;

  constructor(now: Moment) {
    this.#beganAt = now.monotonic;
    this.#last = now;
  }

  /** A break: beats may have been missed. `anew`: BEAT is another stream, with sequences of its own. */
  began(at: number, stream: 'same' | 'anew' = 'same'): void {
    this.#beganAt = at;
    this.#echoAt = Number.NEGATIVE_INFINITY;
    this.#looked.clear();
    if (stream === 'anew') this.#beats.clear();
  }

  /** The watcher's own beat came back; it was sent at `sentAt`. */
  echoed(sentAt: number): void {
    this.#echoAt = Math.max(this.#echoAt, sentAt);
  }

  /** A beat came. One that was known before, from the stream or from a look, is no new sign. */
  beat(at: number, agent: string, stored: StoredBeat): void {
    if (stored.seq <= (this.#beats.get(agent) ?? 0)) return;
    this.#beats.set(agent, stored.seq);
    for (const listed of stored.beat.grants) this.#track(agent, listed.fence, at)?.heard(at, stored, listed);
  }

  /** The agent's last beat was asked for at `askedAt` and came at `at`; absent: it has none. */
  looked(at: number, askedAt: number, agent: string, found: StoredBeat | undefined): void {
    if (found !== undefined) this.beat(at, agent, found);
    if (askedAt >= this.#beganAt) this.#looked.set(agent, askedAt);
  }

  /** The leader answered at `at` what was asked at `askedAt`. An older answer than one known is ignored. */
  status(at: number, askedAt: number, status: Status): void {
    const known = this.#status;
    if (known !== undefined && known.genesis !== status.genesis) {
      this.#tracks.clear();
      this.began(at);
    } else if (known !== undefined && isOlder(status, known)) return;
    this.#status = status;
    this.#statusAt = Math.max(this.#statusAt, askedAt);
    const live = new Set<string>();
    for (const grant of status.grants) {
      const key = keyOf(grant.agent, grant.fence);
      live.add(key);
      const track = this.#tracks.get(key) ?? new Track(grant.agent, grant.fence, at);
      this.#tracks.set(key, track);
      track.told(at, grant);
    }
    const leaseMs = status.config.policies.lease_ms;
    for (const [key, track] of this.#tracks) {
      // A beat may know of a grant before this answer did.
      const isNew = track.grant === undefined && at - (track.sign?.at ?? 0) < leaseMs;
      if (!live.has(key) && !isNew) this.#tracks.delete(key);
    }
  }

  /** Judges all grants. To be called every `judgeEveryMs`, with the present moment: lateness counts as a break. */
  judge(now: Moment): Judgement {
    const policies = this.#status?.config.policies;
    if (policies === undefined) {
      // Watching begins with the first word of the leader: before it nothing is known of the lease.
      this.#last = now;
      this.began(now.monotonic);
      return { verdicts: [], withheld: 'no-status' };
    }
    this.#notice(now, policies.lease_ms);
    const withheld = this.#withheld(now.monotonic, policies.lease_ms);
    if (withheld !== undefined) return { verdicts: [], withheld };
    const verdicts: Verdict[] = [];
    const looks = new Set<string>();
    for (const track of this.#tracks.values()) {
      const verdict = this.#verdict(track, now, policies);
      if (verdict === undefined) continue;
      if (verdict.kind !== 'look') {
        track.reportedAt = now.monotonic;
        verdicts.push(verdict);
      } else if (!looks.has(verdict.agent)) {
        looks.add(verdict.agent);
        verdicts.push(verdict);
      }
    }
    return { verdicts };
  }

  #track(agent: string, fence: number, at: number): Track | undefined {
    const key = keyOf(agent, fence);
    const known = this.#tracks.get(key);
    if (known !== undefined || this.#tracks.size >= KEPT) return known;
    const track = new Track(agent, fence, at);
    this.#tracks.set(key, track);
    return track;
  }

  /** Finds that the own loop stood still: by its clock, or because that stood still itself. */
  #notice(now: Moment, leaseMs: number): void {
    const gapMs = now.monotonic - this.#last.monotonic;
    const sleptMs = now.wall - this.#last.wall - gapMs;
    this.#last = now;
    const allowedMs = leaseMs * GAP_SHARE;
    if (gapMs - judgeEveryMs(leaseMs) > allowedMs || sleptMs > allowedMs) this.began(now.monotonic);
  }

  #withheld(now: number, leaseMs: number): Withheld | undefined {
    if (now - this.#statusAt > leaseMs * FRESH_SHARE) return 'no-status';
    if (now - this.#beganAt < leaseMs) return 'watching';
    if (now - this.#echoAt > leaseMs * FRESH_SHARE) return 'no-echo';
    return undefined;
  }

  #verdict(track: Track, now: Moment, policies: Policies): Verdict | undefined {
    const { grant, reportedAt } = track;
    const at = now.monotonic;
    if (grant === undefined) return undefined;
    if (reportedAt !== undefined && at - reportedAt < policies.lease_ms * REPEAT_SHARE) return undefined;
    const kind = this.#finding(track, at, policies);
    if (kind === undefined) return undefined;
    const isLooked = at - (this.#looked.get(track.agent) ?? 0) <= policies.lease_ms * LOOK_SHARE;
    if (kind !== 'nudge' && !(this.#looked.has(track.agent) && isLooked))
      return { kind: 'look', agent: track.agent };
    const since = kind === 'dead' ? (track.sign?.at ?? track.firstSeenAt) : track.progressAt;
    const lastSign = lastSignText(track.sign);
    return { kind, grant, silentMs: Math.floor(at - since), lastSign };
  }

  #finding(track: Track, at: number, policies: Policies): 'nudge' | 'dead' | 'stale' | undefined {
    const { sign, progressAt, nudgedAt } = track;
    const { lease_ms, stale_after_ms, stale_grace_ms } = policies;
    const silentMs = at - progressAt;
    if (track.grant?.kind === 'manual') {
      // A person sends no beats and is never robbed: asked again each time as long as before.
      return silentMs >= stale_after_ms && at - (nudgedAt ?? progressAt) >= stale_after_ms
        ? 'nudge'
        : undefined;
    }
    const heardAt = Math.max(sign?.at ?? track.firstSeenAt, this.#beganAt);
    if (at - heardAt >= patienceMs(lease_ms, sign?.everyMs)) return 'dead';
    // Nothing heard since the watch began: what it was doing meanwhile is not known.
    if (sign === undefined || sign.at < this.#beganAt || silentMs < stale_after_ms) return undefined;
    if (nudgedAt === undefined) return 'nudge';
    const isOver = at - nudgedAt >= stale_grace_ms && silentMs >= stale_after_ms + stale_grace_ms;
    return isOver ? 'stale' : undefined;
  }
}

/** A lease; longer for an agent that began under a longer one and so beats more seldom. */
const patienceMs = (leaseMs: number, everyMs = 0): number =>
  Math.max(leaseMs, Math.min(everyMs * MISSED_BEATS, LONGEST_PATIENCE_MS));

const keyOf = (agent: string, fence: number): string => `${agent} #${fence}`;

const isOlder = (one: Status, other: Status): boolean =>
  one.term < other.term || (one.term === other.term && one.journal_seq < other.journal_seq);
