/**
 * The disk of a simulated agent: the lock of its state directory, its outbox and its trees. A write takes a moment, and
 * stands when it has happened, whatever becomes of the process.
 */
import type { Report } from '../../schemas/index.ts';
import {
  type LastMail,
  newestMail,
  type Outbox,
  type Outgoing,
  overtaken,
} from '../../shared/agent/outbox.ts';
import type { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import type { Clock } from '../../shared/clock.ts';
import type { StateLock } from '../../shared/process/state-lock.ts';
import { bundlesOf, holdsWork, type Work } from './work.ts';

const WRITE_MS = 2;

export class Disk {
  readonly #random: SeededRandom;
  readonly #stateId: string;
  readonly entries: Outgoing[] = [];
  readonly aside: (Outgoing & { readonly fault: string })[] = [];
  /** The trees of runs. */
  readonly works = new Map<string, Work>();
  /** Every bundle that stood in the outbox. */
  readonly #bundles = new Set<string>();
  /** Of each tree that was removed with work in it, the bundles of that. */
  readonly #removed: { readonly run: string; readonly bundles: readonly string[] }[] = [];
  /** Told of work that was thrown away and is kept nowhere. */
  onLost: (what: string) => void = () => {};
  #generation = 0;
  #lastMail: LastMail | undefined;
  /** Tells the folder from its copies. */
  readonly #folder: string;

  constructor(random: SeededRandom, stateId = random.id()) {
    this.#random = random;
    this.#stateId = stateId;
    this.#folder = random.id();
  }

  /** All of it, on another machine. */
  copy(random: SeededRandom): Disk {
    const copy = new Disk(random, this.#stateId);
    copy.entries.push(...this.entries);
    for (const [run, work] of this.works) copy.works.set(run, { ...work });
    for (const bundle of this.#bundles) copy.#bundles.add(bundle);
    copy.#generation = this.#generation;
    copy.#lastMail = this.#lastMail;
    return copy;
  }

  removeWork(run: string): void {
    const work = this.works.get(run);
    this.works.delete(run);
    if (work === undefined || work.record.git === undefined || !holdsWork(work)) return;
    const bundles = bundlesOf(work.content).filter((bundle) => this.#bundles.has(bundle));
    this.#removed.push({ run, bundles });
    if (bundles.length > 0) return;
    this.onLost(`the tree of run ${run} was removed with "${work.content}", which is kept nowhere`);
  }

  /** What is wrong with the work of runs, when the swarm is quiet and every worker was started anew. */
  *faults(isStored: (bundle: string) => boolean, hasEnded: (fence: number) => boolean): Generator<string> {
    const stays = new Set([...this.entries, ...this.aside].map(({ bundle }) => bundle));
    for (const { run, bundles } of this.#removed) {
      if (bundles.length > 0 && !bundles.some((bundle) => isStored(bundle) || stays.has(bundle)))
        yield `the tree of run ${run} was removed, and what it held reached nobody`;
    }
    for (const work of this.works.values()) {
      const { phase, state, run, fence, git } = work.record;
      const isOwn = state === this.#folder && git !== undefined;
      if (isOwn && phase === 'running' && holdsWork(work) && hasEnded(fence))
        yield `the tree of run ${run} was left, and nobody took it up`;
    }
  }

  async lock(clock: Clock): Promise<StateLock> {
    await clock.sleep(WRITE_MS);
    this.#generation += 1;
    return {
      generation: this.#generation,
      incarnation: `${this.#generation}-${this.#random.id()}`,
      stateId: this.#stateId,
      place: { host: `host-${this.#folder.slice(0, 4)}`, boot: 'boot', state: this.#folder },
      release: async () => {},
    };
  }

  outbox(clock: Clock, onKept: (report: Report) => void = () => {}): Outbox {
    const take = (id: string): Outgoing | undefined => {
      const at = this.entries.findIndex(({ report }) => report.id === id);
      return at < 0 ? undefined : this.entries.splice(at, 1)[0];
    };
    return {
      put: async (outgoing) => {
        await clock.sleep(WRITE_MS);
        for (const { report } of overtaken(this.entries, outgoing.report)) take(report.id);
        this.entries.push(outgoing);
        if (outgoing.bundle !== undefined) this.#bundles.add(outgoing.bundle);
        onKept(outgoing.report);
      },
      pending: () => [...this.entries],
      has: (id) => this.entries.some(({ report }) => report.id === id),
      lastMail: () => this.#lastMail,
      remove: async (id, place) => {
        if (place !== undefined) {
          await clock.sleep(WRITE_MS);
          this.#lastMail = newestMail(this.#lastMail, place);
        }
        take(id);
        await clock.sleep(WRITE_MS);
      },
      setAside: async (id, fault) => {
        const entry = take(id);
        if (entry !== undefined) this.aside.push({ ...entry, fault });
        await clock.sleep(WRITE_MS);
      },
    };
  }
}
