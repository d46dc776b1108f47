/**
 * The surroundings of a swarm in chaos: disks under its folders, a proxy before each service, and what the supervisor told
 * of services that it gave up.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readBusFile, writeBusFile } from '../../shared/config/bus-file.ts';
import { type ProcessSwarm, startProcessSwarm } from '../support/process-swarm.ts';
import { BusProxy } from './bus-proxy.ts';
import { Disk } from './disk.ts';
import type { Breach } from './judge.ts';
import { harnessScript, LANES } from './tasks.ts';
import type { Means } from './trouble.ts';

export const LEASE_MS = 3_000;
const WORKERS = 8;
const START_MS = 120_000;

/** A swarm and all that stands around it. */
export class Stage {
  readonly proxies = new Map<string, BusProxy>();
  readonly #mounts: 'mounted' | { readonly why: string };
  readonly #gaveUp: string[] = [];
  #disks: Means['disks'];
  #swarm: ProcessSwarm | undefined;

  /** Whether disks may be mounted, or why not. */
  constructor(mounts: 'mounted' | { readonly why: string }) {
    this.#mounts = mounts;
    this.#disks = mounts === 'mounted' ? { why: 'not mounted yet' } : mounts;
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
      placesOf: (folder, names) => this.#openProxies(folder, names),
      onEvent: (event) => {
        if (event.kind === 'gave-up') this.#gaveUp.push(`${event.name} gave up: ${event.lastLine ?? ''}`);
      },
    });
    return this.#swarm;
  }

  /** Ends all processes. Safe to call again. */
  async stop(): Promise<void> {
    await this.#swarm?.stop('keep');
    for (const proxy of this.proxies.values()) await proxy.close();
    this.proxies.clear();
  }

  /** Lets go of disks and folder, when nothing runs; with `keep`, what they hold stays. */
  async remove(keep: boolean): Promise<void> {
    const disks = 'why' in this.#disks ? [] : [this.#disks.tree, this.#disks.bus];
    for (const disk of disks) await disk.unmount(keep);
    if (!keep) await this.#swarm?.stop();
  }

  /** Each service finds the bus by a file in a folder of its own, which names its proxy. */
  async #openProxies(folder: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const bus = await readBusFile(join(folder, '.waggle', 'bus.json'));
    if (bus === undefined) throw new Error('the bus has not said where it is');
    const port = Number(new URL(bus.urls[0] ?? '').port);
    const places = new Map<string, string>();
    for (const name of names) {
      const proxy = await BusProxy.open(port);
      this.proxies.set(name, proxy);
      const place = join(folder, 'places', name);
      await mkdir(place, { recursive: true });
      await writeBusFile(place, { ...bus, urls: [`nats://127.0.0.1:${proxy.port}`] });
      places.set(name, place);
    }
    return places;
  }
}
