/**
 * What can go wrong on a simulated bus besides its server's dying and its connections' being cut. The seed of a
 * simulation draws from these, or a test sets them; by default nothing goes wrong.
 */
import type { SeededRandom } from './seeded-random.ts';

export interface Faults {
  /** How long a message is on its way, from a client to the server or back. */
  latencyMs(): number;
  /**
   * What becomes of a message on its way from the server to one subscriber: by how much each of its copies is late.
   * None: it is lost. A late copy may be overtaken.
   */
  deliver(subject: string): readonly number[];
  /** What becomes of a message that wants the stream's word. */
  append(subject: string): 'stored' | 'lost' | 'stored-unacked';
}

export const noFaults: Faults = {
  latencyMs: () => 0.2,
  deliver: () => [0],
  append: () => 'stored',
};

/** Probabilities of one message. */
export interface FaultRates {
  readonly lost: number;
  readonly late: number;
  readonly mostLateMs: number;
  readonly doubled: number;
  readonly appendLost: number;
  readonly ackLost: number;
}

/** Faults at those rates, drawn from the seed, for as long as `areOn` says. */
export function randomFaults(random: SeededRandom, rates: FaultRates, areOn: () => boolean): Faults {
  return {
    latencyMs: () => random.between(0.1, 1.5),
    deliver() {
      if (!areOn()) return [0];
      if (random.chance(rates.lost)) return [];
      const late = () => (random.chance(rates.late) ? random.between(0, rates.mostLateMs) : 0);
      return random.chance(rates.doubled) ? [late(), random.between(0, rates.mostLateMs)] : [late()];
    },
    append() {
      if (!areOn()) return 'stored';
      if (random.chance(rates.appendLost)) return 'lost';
      return random.chance(rates.ackLost) ? 'stored-unacked' : 'stored';
    },
  };
}
