/**
 * Trees that a dead predecessor left: their work goes into the outbox as checkpoints of their grants, then they are
 * removed. Of a grant that is still live that is its newest checkpoint, of an ended one its rescue. What the harness
 * said of a task that cannot go on is reported then.
 *
 * Needs no bus, and runs before the first claim: that ends the predecessor's grants.
 */
import { readdir, rm } from 'node:fs/promises';
import type { Outbox } from '../../shared/agent/outbox.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import { keepCheckpoint } from './checkpointer.ts';
import { RunTree } from './run-tree.ts';
import { readTreeRecord } from './tree-records.ts';
import { recordsFolder, workFolder } from './workspace.ts';

export interface SweepOptions {
  readonly stateDir: string;
  readonly placeState: string;
  readonly agent: string;
  readonly outbox: Outbox;
  readonly randomId: RandomId;
  readonly log: Log;
}

/** Takes up every tree in the worker's `work` folder. One that cannot be read is left as it is, with a word. */
export async function sweepTrees(options: SweepOptions): Promise<void> {
  const { stateDir, log } = options;
  for (const run of await readdir(workFolder(stateDir)).catch(() => [])) {
    try {
      const fault = await sweepTree(options, run);
      if (fault !== undefined) log.warn({ folder: workFolder(stateDir, run), fault }, 'a tree is left alone');
    } catch (error) {
      const fault = messageOf(error);
      log.error({ folder: workFolder(stateDir, run), fault }, 'the work in a tree could not be stored');
    }
  }
}

/** Why the tree stays. */
async function sweepTree(options: SweepOptions, run: string): Promise<string | undefined> {
  const { stateDir, placeState, agent, outbox, randomId, log } = options;
  const folder = workFolder(stateDir, run);
  const records = recordsFolder(stateDir, run);
  const record = await readTreeRecord(records);
  if (record === undefined) return 'nothing says whose work it holds';
  if (record.state !== placeState) return 'it came with a copied state directory';
  if (record.phase === 'preparing') {
    // Nobody has worked there; git forgets it with the next tree that is removed.
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }
  const tree = new RunTree(record, { folder, records, agent, randomId });
  // Half a removed tree is no work, and what is submitted needs no checkpoint.
  const isHandedIn = outbox.pending().some(({ report, rescue }) => {
    const isEnd = rescue !== undefined || report.kind === 'blocked';
    return isEnd && 'run' in report && report.run === run;
  });
  if (record.phase === 'running' && !isHandedIn) {
    const isKept = await keepCheckpoint({ tree, desk: { keep: outbox.put }, log });
    if (isKept)
      log.info({ task: record.task, fence: record.fence, run }, 'the work of a predecessor is kept');
    const blocked = tree.blockedReport();
    if (blocked !== undefined) await outbox.put({ report: blocked });
  }
  return (await tree.remove(true)) ? undefined : 'it holds repositories that no bundle can hold';
}
