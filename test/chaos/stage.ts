/**
 * The surroundings of a swarm in chaos: disks under its folders, a proxy before each service, and what the supervisor told
 * of services that it gave up.
 */
import { join } from 'node:path';
import { type ProcessSwarm, startProcessSwarm } from '../support/process-swarm.ts';
import type { BusProxy } from './bus-proxy.ts';
import { Disk } from './disk.ts';
import type { Breach } from './judge.ts';
import { ServiceProxies } from './service-proxies.ts';
import { harnessScript, LANES } from './tasks.ts';
import type { Means } from './trouble.ts';

export const LEASE_MS = 3_000;
const WORKERS = 8;
const START_MS = 120_000;

/** A swarm and all that stands around it. */
export class Stage {
  readonly #proxies = new ServiceProxies();
  readonly #mounts: 'mounted' | { readonly why: string };
  readonly #gaveUp: string[] = [];
  #disks: Means['disks'];
  #swarm: ProcessSwarm | undefined;

  /** Whether disks may be mounted, or why not. */
  constructor(mounts: 'mounted' | { readonly why: string }) {
    this.#mounts = mounts;
    this.#disks = mounts === 'mounted' ? { why: 'not mounted yet' } : mounts;
  }

  get proxies(): ReadonlyMap<string, BusProxy> {
    return this.#proxies.all;
  }

  get disks(): Means['disks'] {
    return this.#disks;
  }

  gaveUp(): Breach[] {
    return this.#gaveUp.map((what) => ({ rule: 'alive', what }));
  }

  async open(): Promise<ProcessSwarm> {
    this.#swarm = await startProcessSwarm({
      folderName: 'waggle-chaos-',
      workers: WORKERS,
      orchestrators: 2,
      committers: 2,
      takers: 2,
      leaseMs: LEASE_MS,
      lanes: LANES,
      // Chaos kills more often than the usual bounds allow a task to suffer.
      policies: { max_attempts: 12, max_losses: 20, max_conflicts: 20, backoff_max: '2s', max_heavy: 1 },
      harness: harnessScript,
      patienceMs: START_MS,
      prepare: async (folder) => {
        if (this.#mounts !== 'mounted') return;
        const bus = await Disk.mount(join(folder, '.waggle', 'nats'));
        const tree = await Disk.mount(join(folder, '.waggle', 'agents', 'w1'));
        this.#disks = { bus, tree };
      },
      placesOf: (folder, names) => this.#proxies.open(folder, names),
      onEvent: (event) => {
        if (event.kind === 'gave-up') this.#gaveUp.push(`${event.name} gave up: ${event.lastLine ?? ''}`);
      },
    });
    return this.#swarm;
  }

  /** Ends all processes. Safe to call again. */
  async stop(): Promise<void> {
    await this.#swarm?.stop('keep');
    await this.#proxies.close();
  }

  /** Lets go of disks and folder, when nothing runs; with `keep`, what they hold stays. */
  async remove(keep: boolean): Promise<void> {
    const disks = 'why' in this.#disks ? [] : [this.#disks.tree, this.#disks.bus];
    for (const disk of disks) await disk.unmount(keep);
    if (!keep) await this.#swarm?.stop();
  }
}
