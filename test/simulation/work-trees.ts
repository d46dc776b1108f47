/**
 * The trees of a simulated worker, on its disk: what stands in each is one text. They keep the promises of real trees, and
 * take their time: a kill may come before a write, and after it. A copy of the disk holds copies of them.
 */
import type { Checkpoint, Report, TaskGrant } from '../../schemas/index.ts';
import type { LeftTrees } from '../../services/worker/left-trees.ts';
import type { TakenCheckpoint, WorkTree } from '../../services/worker/run-tree.ts';
import type { TreeRecord } from '../../services/worker/tree-records.ts';
import type { Left } from '../../services/worker/verdict.ts';
import type { Outgoing } from '../../shared/agent/outbox.ts';
import type { Clock } from '../../shared/clock.ts';
import type { RandomId } from '../../shared/random.ts';
import type { Disk } from './disk.ts';
import { fileOf } from './model-files.ts';
import { hashOf } from './repository.ts';
import { changeBundle, checkpointBundle, resumedFrom, type Work } from './work.ts';

interface TreePlace {
  readonly disk: Disk;
  readonly agent: string;
  readonly clock: Clock;
  readonly randomId: RandomId;
}

const WRITE_MS = 2;
const LOOK_MS = 20;
const BUNDLE_MS = 10;

export class ModelTree implements WorkTree {
  readonly folder: string;
  readonly #run: string;
  readonly #place: TreePlace;

  constructor(run: string, place: TreePlace) {
    this.#run = run;
    this.#place = place;
    this.folder = folderOf(run);
  }

  get #work(): Work {
    const work = this.#place.disk.works.get(this.#run);
    if (work === undefined) throw new Error(`the tree of run ${this.#run} is gone`);
    return work;
  }

  async capture(): Promise<Left> {
    await this.#place.clock.sleep(LOOK_MS);
    const { record, content } = this.#work;
    if (record.git === undefined || content === '') return { kind: 'none' };
    const { base } = record.git;
    return { kind: 'change', base, head: hashOf(`change ${content}`), files: 1, message: record.title };
  }

  async bundle(): Promise<{ file: string; ref: ReturnType<typeof fileOf> }> {
    await this.#place.clock.sleep(BUNDLE_MS);
    const file = changeBundle(this.#work.content);
    return { file, ref: fileOf(this.#place.agent, file) };
  }

  async checkpoint(signal?: AbortSignal): Promise<TakenCheckpoint | undefined> {
    const { clock, agent } = this.#place;
    await clock.sleep(LOOK_MS, signal);
    const { record, content } = this.#work;
    if (record.git === undefined || content === (record.savedTree ?? '')) return undefined;
    const number = await this.nextNumber();
    await clock.sleep(BUNDLE_MS, signal);
    const bundle = checkpointBundle(content);
    const { base } = record.git;
    const { fence } = record;
    const checkpoint = { fence, number, base, head: hashOf(bundle), file: fileOf(agent, bundle) };
    return { checkpoint, bundle, tree: content };
  }

  async nextNumber(): Promise<number> {
    const number = this.#work.record.checkpoints + 1;
    await this.#note({ checkpoints: number });
    return number;
  }

  outgoing({ checkpoint, bundle }: Pick<TakenCheckpoint, 'checkpoint' | 'bundle'>): Outgoing {
    return { report: this.checkpointReport(checkpoint), bundle };
  }

  checkpointReport(checkpoint: Checkpoint): Report {
    const { task, fence, run } = this.#work.record;
    return { v: 1, kind: 'checkpoint', id: this.#place.randomId(), task, fence, run, checkpoint };
  }

  async noteBlocked(reason: string | undefined): Promise<void> {
    await this.#place.clock.sleep(WRITE_MS);
    const { blocked: _, ...record } = this.#work.record;
    this.#work.record = reason === undefined ? record : { ...record, blocked: reason };
  }

  blockedReport(): Report | undefined {
    const { task, fence, run, blocked: reason } = this.#work.record;
    if (reason === undefined) return undefined;
    const id = this.#place.randomId();
    return { v: 1, kind: 'blocked', id, task, fence, run, outcome: 'blocked', reason };
  }

  noteSaved(tree: string): Promise<void> {
    return this.#note({ savedTree: tree });
  }

  async noteSubmitted(): Promise<void> {}

  async ready(_refs: readonly string[], tree: string | undefined): Promise<void> {
    await this.#note({ phase: 'running', ...(tree === undefined ? {} : { savedTree: tree }) });
  }

  async remove(isSafe: boolean): Promise<boolean> {
    const { record, content } = this.#work;
    if (!isSafe && record.git !== undefined && content !== (record.savedTree ?? '')) return false;
    await this.#note({ phase: 'over' });
    await this.#place.clock.sleep(LOOK_MS);
    this.#place.disk.removeWork(this.#run);
    return true;
  }

  async #note(fields: Partial<TreeRecord>): Promise<void> {
    await this.#place.clock.sleep(WRITE_MS);
    this.#work.record = { ...this.#work.record, ...fields };
  }
}

const folderOf = (run: string): string => `work/${run}`;

/** A fresh tree at the tip that the grant names, with what its newest checkpoint holds. */
export async function openTree(
  place: TreePlace,
  state: string,
  { task, title, fence, run, lane, checkpoint }: TaskGrant,
  signal: AbortSignal,
): Promise<ModelTree> {
  const { disk, clock } = place;
  const base = lane?.tip ?? hashOf('nothing');
  const record: TreeRecord = {
    v: 1,
    task,
    title,
    fence,
    run,
    state,
    phase: 'preparing',
    checkpoints: 0,
    ...(lane === undefined ? {} : { git: { gitDir: 'model', base, refs: [] } }),
  };
  await clock.sleep(WRITE_MS);
  disk.works.set(run, { record, content: '' });
  try {
    await clock.sleep(LOOK_MS, signal);
  } catch (error) {
    disk.works.delete(run);
    throw error;
  }
  const tree = new ModelTree(run, place);
  const resumed = lane === undefined || checkpoint === undefined ? undefined : resumedFrom(checkpoint.head);
  if (resumed !== undefined) disk.works.set(run, { record, content: resumed });
  await tree.ready([], resumed);
  return tree;
}

/** The trees that stand on the disk. */
export const leftOn = (place: TreePlace): LeftTrees => ({
  list: async () => [...place.disk.works.keys()],
  folder: folderOf,
  record: async (run) => place.disk.works.get(run)?.record,
  tree: ({ run }) => new ModelTree(run, place),
  async discard(run) {
    await place.clock.sleep(WRITE_MS);
    place.disk.removeWork(run);
  },
});
