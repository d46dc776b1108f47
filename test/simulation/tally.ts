/**
 * How often each kind of trouble really struck in a simulation: a kind that never does proves nothing. What a plan asks
 * for and what messages meet by chance is counted alike.
 */
import type { Faults } from '../../shared/bus/simulated/faults.ts';
import { type StepKind, stepKinds } from './plan.ts';

const messageTroubles = [
  'message-lost',
  'message-late',
  'message-doubled',
  'append-lost',
  'ack-lost',
] as const;

/** Within a step, or beside all steps. */
const otherTroubles = ['cut-one-way', 'bus-away-long', 'no-tree'] as const;

export type TroubleKind = StepKind | (typeof messageTroubles)[number] | (typeof otherTroubles)[number];

/** Every kind that some seeds must show. */
export const troubleKinds: readonly TroubleKind[] = [...stepKinds, ...messageTroubles, ...otherTroubles];

export class Tally {
  readonly #counts = new Map<TroubleKind, number>();

  note(kind: TroubleKind): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  counts(): Record<string, number> {
    return Object.fromEntries(troubleKinds.map((kind) => [kind, this.#counts.get(kind) ?? 0]));
  }
}

/** The same faults, noted as they strike. */
export function counted(faults: Faults, tally: Tally): Faults {
  return {
    latencyMs: () => faults.latencyMs(),
    deliver(subject) {
      const copies = faults.deliver(subject);
      if (copies.length === 0) tally.note('message-lost');
      if (copies.length > 1) tally.note('message-doubled');
      if (copies.some((lateMs) => lateMs > 0)) tally.note('message-late');
      return copies;
    },
    append(subject) {
      const fate = faults.append(subject);
      if (fate === 'lost') tally.note('append-lost');
      if (fate === 'stored-unacked') tally.note('ack-lost');
      return fate;
    },
  };
}
