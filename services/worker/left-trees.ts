/**
 * The trees in a worker's `work` folder, as whoever starts on its state directory finds them. A port: simulations bring
 * trees of their own.
 */
import { readdir, rm } from 'node:fs/promises';
import type { RandomId } from '../../shared/random.ts';
import { RunTree, type WorkTree } from './run-tree.ts';
import { readTreeRecord, type TreeRecord } from './tree-records.ts';
import { recordsFolder, workFolder } from './workspace.ts';

export interface LeftTrees {
  /** The runs that they are of. */
  list(): Promise<readonly string[]>;
  folder(run: string): string;
  /** Undefined when there is none that can be read. */
  record(run: string): Promise<TreeRecord | undefined>;
  tree(record: TreeRecord): WorkTree;
  /** Throws a tree away in which nobody has worked. */
  discard(run: string): Promise<void>;
}

export interface LeftTreesOptions {
  readonly stateDir: string;
  readonly agent: string;
  readonly randomId: RandomId;
}

export function leftTrees({ stateDir, agent, randomId }: LeftTreesOptions): LeftTrees {
  const folder = (run: string) => workFolder(stateDir, run);
  const records = (run: string) => recordsFolder(stateDir, run);
  return {
    list: () => readdir(workFolder(stateDir)).catch(() => []),
    folder,
    record: (run) => readTreeRecord(records(run)),
    tree: (record) =>
      new RunTree(record, { folder: folder(record.run), records: records(record.run), agent, randomId }),
    // Git forgets it with the next tree that is removed.
    discard: (run) => rm(folder(run), { recursive: true, force: true }),
  };
}
