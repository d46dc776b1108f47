/**
 * A watch in virtual time: agents that beat, a BEAT stream that keeps the last beat of each, a leader that tells of
 * its grants, and the loop that asks for judgement. Everything can be stopped, lost or delayed.
 */
import type { Beat } from '../../../../schemas/index.ts';
import type { StoredBeat, WatchedGrant } from '../../../../services/stale-takeover/track.ts';
import {
  judgeEveryMs,
  type Verdict,
  Watch,
  type Withheld,
} from '../../../../services/stale-takeover/watch.ts';
import { emptyConfig } from '../../../../shared/board/state.ts';

export const LEASE = 30_000;
export const STALE_AFTER = 2_700_000;
export const GRACE = 300_000;
const policies = {
  ...emptyConfig.policies,
  lease_ms: LEASE,
  stale_after_ms: STALE_AFTER,
  stale_grace_ms: GRACE,
};

export const grantOf = (agent: string, fence: number, more: Partial<WatchedGrant> = {}): WatchedGrant => ({
  task: `task-${fence}`,
  kind: 'work',
  fence,
  agent,
  granted_at: 1,
  run: `run-${fence}`,
  revision: 1,
  ...more,
});

/** What a worker in the simulation says and how. */
export interface Worker {
  fences: number[];
  everyMs: number;
  phase: string;
  bytes: number;
  /** Prints before each beat. */
  prints: boolean;
  /** Says how old its last output is. */
  printedAt: number | undefined;
  /** How late the next beat is sent, each time. */
  jitter: () => number;
  /** Whether the next beat is lost. */
  loses: () => boolean;
  isUp: boolean;
  nextAt: number;
}

export interface Found {
  readonly at: number;
  readonly kind: Exclude<Verdict['kind'], 'look'>;
  readonly fence: number;
  readonly silentMs: number;
  readonly lastSign: string;
}

export class Vigil {
  at = 0;
  /** Wall time minus monotonic time. */
  wallOffset = 1_700_000_000_000;
  readonly watch = new Watch({ monotonic: 0, wall: this.wallOffset });
  readonly workers = new Map<string, Worker>();
  grants: WatchedGrant[] = [];
  readonly found: Found[] = [];
  readonly looks: number[] = [];
  withheld: Withheld | undefined;
  /** Beats reach the watch: others' and its own. */
  isHearing = true;
  isEchoing = true;
  isLeaderUp = true;
  /** Whether the board takes nudges, as it does: the grant says so from the next answer on. */
  isNudging = true;
  /** What a look shows; default: the last stored beat. */
  lookUp: (agent: string) => StoredBeat | undefined | 'fails' = (agent) => this.stored.get(agent);
  readonly stored = new Map<string, StoredBeat>();
  seq = 0;
  journalSeq = 0;
  genesis = 'g';
  #echoAt = 0;
  #askAt = 0;

  worker(name: string, fences: number[], more: Partial<Worker> = {}): Worker {
    const worker: Worker = {
      fences,
      everyMs: LEASE / 3,
      phase: 'running',
      bytes: 0,
      prints: true,
      printedAt: undefined,
      jitter: () => 0,
      loses: () => false,
      isUp: true,
      nextAt: this.at,
      ...more,
    };
    this.workers.set(name, worker);
    return worker;
  }

  /** The usual: a worker with one grant, both known to the watch from the start. */
  static withWorker(more: Partial<Worker> = {}): { vigil: Vigil; worker: Worker } {
    const vigil = new Vigil();
    vigil.grants = [grantOf('w1', 7)];
    return { vigil, worker: vigil.worker('w1', [7], more) };
  }

  /** Lets time pass and everybody act, in steps of the judge's. */
  run(ms: number): this {
    const until = this.at + ms;
    while (this.at < until) {
      this.at = Math.min(until, this.at + judgeEveryMs(LEASE));
      this.act();
      this.judge();
    }
    return this;
  }

  /** Time passes for everybody but the watch: it was stopped, and its clocks ran (SIGSTOP) or did not (suspend). */
  sleepThrough(ms: number, clock: 'runs' | 'stands still'): this {
    if (clock === 'runs') {
      this.at += ms;
      this.judge();
      return this;
    }
    this.wallOffset += ms;
    for (const worker of this.workers.values()) worker.nextAt -= ms;
    this.judge();
    return this;
  }

  act(): void {
    for (const [name, worker] of this.workers) {
      if (!worker.isUp || this.at < worker.nextAt) continue;
      worker.nextAt += worker.everyMs + worker.jitter();
      if (worker.prints) worker.bytes += 10;
      if (worker.loses()) continue;
      this.store(name, this.beatOf(worker));
    }
    if (this.at >= this.#echoAt) {
      this.#echoAt = this.at + LEASE / 4;
      if (this.isEchoing && this.isHearing) this.watch.echoed(this.at);
    }
    if (this.at >= this.#askAt) {
      this.#askAt = this.at + LEASE / 4;
      if (this.isLeaderUp) this.tell();
    }
  }

  beatOf(worker: Worker): Beat {
    const age = worker.printedAt === undefined ? {} : { output_age_ms: this.at - worker.printedAt };
    return {
      v: 1,
      kind: 'beat',
      role: 'worker',
      incarnation: 'i',
      place: { host: 'host-a', boot: 'b', state: 's' },
      pid: 1,
      version: 'test',
      state: 'working',
      every_ms: Math.round(worker.everyMs),
      uptime_ms: this.at,
      grants: worker.fences.map((fence) => ({
        task: `task-${fence}`,
        fence,
        run: `run-${fence}`,
        phase: worker.phase,
        output_bytes: worker.bytes,
        ...age,
      })),
    };
  }

  store(agent: string, beat: Beat): StoredBeat {
    this.seq += 1;
    const stored = { seq: this.seq, storedAt: this.at + this.wallOffset, beat };
    this.stored.set(agent, stored);
    if (this.isHearing) this.watch.beat(this.at, agent, stored);
    return stored;
  }

  tell(askedAt = this.at, journalSeq = (this.journalSeq += 1)): void {
    this.watch.status(this.at, askedAt, {
      term: 1,
      journal_seq: journalSeq,
      genesis: this.genesis,
      grants: this.grants,
      config: { ...emptyConfig, policies },
    });
  }

  judge(): void {
    for (let round = 0; round < 2; round += 1) {
      const { verdicts, withheld } = this.watch.judge({
        monotonic: this.at,
        wall: this.at + this.wallOffset,
      });
      this.withheld = withheld;
      let looked = false;
      for (const verdict of verdicts) {
        if (verdict.kind === 'look') {
          this.looks.push(this.at);
          const seen = this.lookUp(verdict.agent);
          if (seen === 'fails') continue;
          this.watch.looked(this.at, this.at, verdict.agent, seen);
          looked = true;
        } else {
          const { kind, grant, silentMs, lastSign } = verdict;
          this.found.push({ at: this.at, kind, fence: grant.fence, silentMs, lastSign });
          if (kind === 'nudge' && this.isNudging)
            this.change(grant.fence, { nudged_at: this.at + this.wallOffset });
        }
      }
      if (!looked) return;
    }
  }

  kinds(): string[] {
    return this.found.map(({ kind }) => kind);
  }

  first(kind: Found['kind']): Found | undefined {
    return this.found.find((one) => one.kind === kind);
  }

  /** Something happened to the task. */
  change(fence: number, more: Partial<WatchedGrant> = {}): void {
    this.grants = this.grants.map((grant) =>
      grant.fence === fence ? { ...grant, revision: grant.revision + 1, ...more } : grant,
    );
  }
}
