/**
 * The bus as the claim loop sees it, with one addition: whoever waits for an answer can be prompted to ask again, as
 * after a reconnect. A claim that waits at the leader names the lanes of the moment it was sent; when they change, it
 * is asked anew under its own number.
 */
import type { Bus, BusStatus } from '../../shared/bus/port.ts';

export interface PromptedBus {
  readonly bus: Bus;
  prompt(): void;
}

export function promptedBus(bus: Bus): PromptedBus {
  const listeners = new Set<(status: BusStatus) => void>();
  return {
    bus: {
      ...bus,
      onStatus(listener) {
        listeners.add(listener);
        const off = bus.onStatus(listener);
        return () => {
          listeners.delete(listener);
          off();
        };
      },
    },
    prompt() {
      for (const listener of [...listeners]) listener('connected');
    },
  };
}
