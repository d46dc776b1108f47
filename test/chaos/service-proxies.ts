/**
 * A proxy before each service of a swarm: each finds the bus by a file in a folder of its own, which names its proxy.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readBusFile, writeBusFile } from '../../shared/config/bus-file.ts';
import { BusProxy } from './bus-proxy.ts';

export class ServiceProxies {
  readonly #proxies = new Map<string, BusProxy>();

  /** By the name of the service. */
  get all(): ReadonlyMap<string, BusProxy> {
    return this.#proxies;
  }

  /** That of a service; throws when it has none. */
  of(name: string): BusProxy {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined) throw new Error(`${name} has no proxy`);
    return proxy;
  }

  /** `folder`: the swarm's, when its bus runs. Gives the folder in which each service starts. */
  async open(folder: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const bus = await readBusFile(join(folder, '.waggle', 'bus.json'));
    if (bus === undefined) throw new Error('the bus has not said where it is');
    const port = Number(new URL(bus.urls[0] ?? '').port);
    const places = new Map<string, string>();
    for (const name of names) {
      const proxy = await BusProxy.open(port);
      this.#proxies.set(name, proxy);
      const place = join(folder, 'places', name);
      await mkdir(place, { recursive: true });
      await writeBusFile(place, { ...bus, urls: [`nats://127.0.0.1:${proxy.port}`] });
      places.set(name, place);
    }
    return places;
  }

  async close(): Promise<void> {
    for (const proxy of this.#proxies.values()) await proxy.close();
    this.#proxies.clear();
  }
}
