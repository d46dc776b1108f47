/**
 * Brings the faults of a plan upon a swarm of processes, each at its time, and counts them. What a fault changed it changes
 * back itself, also when the run is cut short: nobody is left stopped, cut off or without a disk.
 */
import { systemClock } from '../../shared/clock.ts';
import { assertNever } from '../../shared/errors.ts';
import type { ProcessSwarm } from '../support/process-swarm.ts';
import type { BusProxy } from './bus-proxy.ts';
import type { Disk } from './disk.ts';
import type { Fault, FaultKind, Members } from './plan.ts';

export interface Struck {
  readonly fault: Fault;
  /** Wall time. */
  readonly at: number;
  /** Why it could not be done: its target was dead already, or the system has no means for it. */
  readonly missed?: string;
}

export interface Means {
  readonly swarm: ProcessSwarm;
  readonly proxies: ReadonlyMap<string, BusProxy>;
  /** Absent, each with why: such a fault is told as not run. */
  readonly disks: { readonly bus: Disk; readonly tree: Disk } | { readonly why: string };
}

/**
 * A target that is down at that moment is waited for so long: what was struck before comes back meanwhile. Its fault is as
 * long as it was to be.
 */
const PATIENCE_MS = 5_000;
const LOOK_MS = 100;

export class Trouble {
  readonly struck: Struck[] = [];
  readonly #means: Means;

  constructor(means: Means) {
    this.#means = means;
  }

  /** Resolves when every fault has ended. `at(ms)` waits for a moment of the run. */
  async run(faults: readonly Fault[], at: (ms: number) => Promise<void>, signal: AbortSignal): Promise<void> {
    await Promise.all(
      faults.map(async (fault) => {
        await at(fault.at);
        if (!signal.aborted) await this.#strike(fault, signal);
      }),
    );
  }

  async #strike(fault: Fault, signal: AbortSignal): Promise<void> {
    const { disks } = this.#means;
    const until = systemClock.monotonic() + PATIENCE_MS;
    const pause = async (ms: number) => {
      await systemClock.sleep(ms, signal).catch(() => undefined);
    };
    for (;;) {
      const begun = systemClock.now();
      const missed = await this.#inflict(fault, () => pause(fault.lengthMs));
      if (missed === undefined) return void this.struck.push({ fault, at: begun });
      const isHopeless = 'why' in disks && missed === disks.why;
      if (isHopeless || signal.aborted || systemClock.monotonic() >= until)
        return void this.struck.push({ fault, at: begun, missed });
      await pause(LOOK_MS);
    }
  }

  async #inflict(fault: Fault, last: () => Promise<void>): Promise<string | undefined> {
    const { swarm, disks } = this.#means;
    switch (fault.kind) {
      case 'kill':
        return send(swarm.supervisor.pid(fault.target), 'SIGKILL') ? undefined : 'it did not run';
      case 'short-stop':
      case 'long-stop': {
        const pid = swarm.supervisor.pid(fault.target);
        if (!send(pid, 'SIGSTOP')) return 'it did not run';
        await last();
        // Another process may have its place by now; a dead one's number may be anybody's.
        if (swarm.supervisor.pid(fault.target) === pid) send(pid, 'SIGCONT');
        return undefined;
      }
      case 'bus-kill': {
        const sent = (await swarm.servers()).map((pid) => send(pid, 'SIGKILL'));
        return sent.includes(true) ? undefined : 'no server ran';
      }
      case 'cut':
        return this.#proxy(fault).cut() > 0 ? undefined : 'it had no connection';
      case 'delay':
      case 'half-open': {
        const end = this.#proxy(fault).become(weatherOf(fault));
        await last();
        end();
        return undefined;
      }
      case 'bus-disk':
      case 'tree-disk': {
        if ('why' in disks) return disks.why;
        const disk = fault.kind === 'bus-disk' ? disks.bus : disks.tree;
        await disk.fill();
        try {
          await last();
        } finally {
          await disk.free();
        }
        return undefined;
      }
      default:
        return assertNever(fault.kind);
    }
  }

  #proxy({ target }: Fault): BusProxy {
    const proxy = this.#means.proxies.get(target);
    if (proxy === undefined) throw new Error(`no proxy stands before ${target}`);
    return proxy;
  }
}

function weatherOf({ kind, delayMs = 0, lost = 'both', reach = 'all' }: Fault) {
  return kind === 'delay' ? ({ kind, ms: delayMs } as const) : ({ kind: 'half-open', lost, reach } as const);
}

function send(pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** `worker`, `orchestrator`, `committer`, `stale-takeover`, `bus`. */
export function roleOf(target: string, { workers, orchestrators, committers, takers }: Members): string {
  if (workers.includes(target)) return 'worker';
  if (orchestrators.includes(target)) return 'orchestrator';
  if (committers.includes(target)) return 'committer';
  return takers.includes(target) ? 'stale-takeover' : 'bus';
}

/** Kinds that the system had no means for, with the reason: they were not run at all. */
export function notRun(struck: readonly Struck[], disks: Means['disks']): ReadonlyMap<FaultKind, string> {
  const kinds = new Map<FaultKind, string>();
  for (const { fault, missed } of struck) {
    if ('why' in disks && missed === disks.why) kinds.set(fault.kind, missed);
  }
  return kinds;
}
