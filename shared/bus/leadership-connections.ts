/**
 * The connections without which nobody should lead: whether all are up, and how long one has been away by the
 * monotonic clock. Without them a leader would serve nobody and hear of nothing.
 */
import type { Clock } from '../clock.ts';
import type { Connection } from './leadership-key.ts';

export interface Connections {
  areUp(): boolean;
  /** Of the one that is away longest; undefined when all are up. */
  awayMs(): number | undefined;
  /** Stops listening. */
  close(): void;
}

export function watchConnections(buses: readonly Connection[], clock: Clock): Connections {
  const since = new Map<Connection, number>();
  const note = (bus: Connection, isUp: boolean) => {
    if (isUp) since.delete(bus);
    else if (!since.has(bus)) since.set(bus, clock.monotonic());
  };
  const offs = buses.map((bus) => {
    note(bus, bus.isConnected());
    return bus.onStatus((status) => {
      if (status !== 'slow-consumer') note(bus, status === 'connected');
    });
  });
  return {
    areUp: () => since.size === 0,
    awayMs: () => (since.size === 0 ? undefined : clock.monotonic() - Math.min(...since.values())),
    close: () => {
      for (const off of offs) off();
    },
  };
}
