/**
 * One term of one leader: renews the key by compare-and-swap and notices when the lead is lost.
 *
 * 1. Times count from the moment a renewal was sent, by this process's monotonic clock, so a term ends here before
 *    its silence is a lease long for anybody else.
 * 2. The clock is read before anything else is done, at each tick and in `isHeld`: whoever was stopped (SIGSTOP, a
 *    suspended machine) finds its term over, though nobody could tell it.
 * 3. A refused write proves nothing alone: an earlier one of ours whose answer was lost may stand there. Look.
 * 4. While `lead` winds up in good order the key is still renewed; it is given up only when that has ended.
 */
import { isWaggleError, messageOf, WaggleError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type ElectionTimes, electionTimes } from './leadership.ts';
import type { Connections } from './leadership-connections.ts';
import type { LeaderKey, LeaderKeyOptions } from './leadership-key.ts';

export interface TermOptions extends Pick<LeaderKeyOptions, 'role' | 'identity' | 'clock'> {
  readonly leaseMs: () => number;
  readonly log: Log;
}

/** A key that was taken: at which revision, and when the write was sent (monotonic and wall time). */
export interface Won {
  readonly revision: number;
  readonly sent: Moment;
}

interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

const RELEASE_TRIES = 3;

export class Term {
  readonly #options: TermOptions;
  readonly #key: LeaderKey;
  readonly #connections: Connections;
  readonly #over = new AbortController();
  readonly #ending = new AbortController();
  readonly #renewing: Promise<void>;
  #revision: number;
  /** Of the last renewal that is known to stand. */
  #sent: Moment;
  #times: ElectionTimes;
  /** `lost`: by our own clock, so the key may still say us. `taken`: it says somebody else. */
  #state: 'held' | 'lost' | 'taken' | 'ended' = 'held';
  #wasLost = false;
  #leavingSince: number | undefined;

  constructor(options: TermOptions, key: LeaderKey, connections: Connections, won: Won) {
    this.#options = options;
    this.#key = key;
    this.#connections = connections;
    this.#revision = won.revision;
    this.#sent = won.sent;
    this.#times = electionTimes(options.leaseMs());
    this.#renewing = this.#renewWhileHeld();
  }

  /** Aborts when the lead is lost (`lead-lost`), or with the reason given to `leave`. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether the term ended by itself, and not because `lead` did. */
  get wasLost(): boolean {
    return this.#wasLost;
  }

  /** Whether the lead is still this process's, as far as its own clock tells. */
  isHeld(): boolean {
    if (this.#state !== 'held') return false;
    const why = this.#lapse();
    if (why !== undefined) this.#lose('lost', why);
    return why === undefined;
  }

  /** Tells `lead` to wind up; the others wait until `end`. */
  leave(reason: unknown): void {
    this.#leavingSince ??= this.#options.clock.monotonic();
    this.#over.abort(reason);
  }

  /** Stops renewing and gives the key up where it may still be ours, so that others need not wait out the lease. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#renewing;
    if (this.#state !== 'taken') await this.#release();
    this.#state = 'ended';
    this.#over.abort(this.#lostError('its term has ended'));
  }

  async #renewWhileHeld(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#ending.signal.aborted && this.isHeld()) {
      if (clock.monotonic() >= this.#sent.monotonic + this.#times.renewMs) {
        await this.#renew();
        if (!this.isHeld()) return;
      }
      // More often as the end nears: a connection that comes back in time is used. Rejects when the term ends.
      const restMs = Math.min(this.#times.tickMs, this.#leftMs() / 2);
      await clock.sleep(restMs, this.#ending.signal).catch(() => undefined);
    }
  }

  async #renew(): Promise<void> {
    const times = electionTimes(this.#options.leaseMs());
    const sent = this.#moment();
    const mark = { everyMs: Math.round(times.renewMs), released: false };
    try {
      this.#revision = await this.#key.write(this.#revision, mark, this.#leftMs());
      this.#sent = sent;
      this.#times = times;
    } catch (error) {
      if (!isWaggleError(error, 'wrong-last-sequence'))
        this.#options.log.debug({ err: messageOf(error) }, 'the lead could not be renewed; trying again');
      else {
        const taken = await this.#whoTookIt(this.#leftMs());
        if (taken !== undefined) this.#lose('taken', taken);
      }
    }
  }

  /** After a refused write: undefined where our own stands, or nothing can be seen. Then the next write expects it. */
  async #whoTookIt(timeoutMs: number): Promise<string | undefined> {
    const { identity, log } = this.#options;
    try {
      const standing = await this.#key.look(timeoutMs);
      if (standing.kind !== 'held') return 'its key was changed';
      if (standing.holder !== identity) return `${standing.holder} leads`;
      this.#revision = standing.revision;
    } catch (error) {
      log.debug({ err: messageOf(error) }, 'whose the lead is cannot be seen; trying again');
    }
    return undefined;
  }

  /** Why the term is over by our own means of knowing; undefined while it is not. */
  #lapse(): string | undefined {
    const { renewMs, lateMs, leaveMs } = this.#times;
    const now = this.#moment();
    const unrenewedMs = now.monotonic - this.#sent.monotonic;
    if (unrenewedMs >= renewMs + lateMs) return `not renewed for ${Math.round(unrenewedMs)} ms`;
    // A monotonic clock may stand still while the machine sleeps; the wall clock then runs away from it.
    const sleptMs = now.wall - this.#sent.wall - unrenewedMs;
    if (sleptMs >= lateMs) return `the machine slept for ${Math.round(sleptMs)} ms, or its clock was set`;
    const awayMs = this.#connections.awayMs() ?? 0;
    if (awayMs >= lateMs) return `no connection for ${Math.round(awayMs)} ms`;
    const leavingMs = now.monotonic - (this.#leavingSince ?? now.monotonic);
    if (leavingMs >= leaveMs) return `leaving takes longer than ${Math.round(leaveMs)} ms`;
    return undefined;
  }

  /** How long an answer may take before the term is over without it. */
  #leftMs(): number {
    const { renewMs, lateMs } = this.#times;
    const unrenewedMs = this.#options.clock.monotonic() - this.#sent.monotonic;
    const left = Math.min(renewMs + lateMs - unrenewedMs, lateMs - (this.#connections.awayMs() ?? 0));
    return Math.max(1, Math.ceil(left));
  }

  #lose(to: 'lost' | 'taken', why: string): void {
    this.#state = to;
    this.#wasLost = true;
    this.#options.log.warn({ role: this.#options.role, why }, 'stepping down');
    this.#over.abort(this.#lostError(why));
  }

  async #release(): Promise<void> {
    const { lateMs, renewMs } = this.#times;
    const mark = { everyMs: Math.round(renewMs), released: true };
    for (let tries = 1; tries <= RELEASE_TRIES; tries += 1) {
      try {
        await this.#key.write(this.#revision, mark, lateMs);
        return;
      } catch (error) {
        if (!isWaggleError(error, 'wrong-last-sequence')) {
          this.#options.log.debug({ err: messageOf(error) }, 'the lead is not given up, it runs out');
          return;
        }
      }
      if ((await this.#whoTookIt(lateMs)) !== undefined) return;
    }
  }

  #moment(): Moment {
    const { clock } = this.#options;
    return { monotonic: clock.monotonic(), wall: clock.now() };
  }

  #lostError(why: string): WaggleError {
    return new WaggleError('lead-lost', { role: this.#options.role, why });
  }
}
