/**
 * Damages snapshots as a disk may: bytes turn, a part or the manifest is missing. Always the newest alone, and only where
 * the board can still be had: from the snapshot before it, which nobody has touched, or from a journal that is whole.
 */
import type { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import type { SimulatedServer } from '../../shared/bus/simulated/server.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { project } from './services.ts';

const MANY = 1_000;
const prefix = `${subjectsOf(project).prefix}.snapshot.`;

export class SnapshotSpoiler {
  readonly #server: SimulatedServer;
  /** Sequences of manifests whose snapshot is damaged. */
  readonly #spoiled = new Set<number>();

  constructor(server: SimulatedServer) {
    this.#server = server;
  }

  /** False where there is nothing that may be damaged. */
  spoil(random: SeededRandom): boolean {
    const names = streamNames(project);
    const { streams } = this.#server.account('core');
    const store = streams.get(names.snapshots);
    const [newest, before] = store?.from(1, `${prefix}0`, MANY).reverse() ?? [];
    if (store === undefined || newest === undefined || this.#spoiled.has(newest.seq)) return false;
    const isWhole = streams.get(names.journal)?.info().firstSeq === 1;
    if (!isWhole && (before === undefined || this.#spoiled.has(before.seq))) return false;
    this.#spoiled.add(newest.seq);
    // The manifest is written last, behind all its parts.
    const parts = store
      .from((before?.seq ?? 0) + 1, `${prefix}>`, MANY)
      .filter(({ seq }) => seq < newest.seq);
    const victim = random.chance(0.4) ? newest : (random.pick(parts) ?? newest);
    if (random.chance(0.4)) store.remove(victim.seq);
    else {
      const at = random.whole(0, victim.payload.length - 1);
      victim.payload[at] = (victim.payload[at] ?? 0) ^ 0xff;
    }
    return true;
  }
}
