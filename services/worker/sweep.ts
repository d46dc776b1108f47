/**
 * Trees that a dead predecessor left: their work goes into the outbox as checkpoints of their grants, then they are
 * removed. Of a grant that is still live that is its newest checkpoint, of an ended one its rescue. What the harness
 * said of a task that cannot go on is reported then.
 *
 * Needs no bus, and runs before the first claim: that ends the predecessor's grants.
 */
import type { Outbox } from '../../shared/agent/outbox.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { keepCheckpoint } from './checkpointer.ts';
import type { LeftTrees } from './left-trees.ts';

export interface SweepOptions {
  readonly left: LeftTrees;
  readonly placeState: string;
  readonly outbox: Outbox;
  readonly log: Log;
}

/** Takes up every tree that is left. One that cannot be read is left as it is, with a word. */
export async function sweepTrees(options: SweepOptions): Promise<void> {
  const { left, log } = options;
  for (const run of await left.list()) {
    const folder = left.folder(run);
    try {
      const fault = await sweepTree(options, run);
      if (fault !== undefined) log.warn({ folder, fault }, 'a tree is left alone');
    } catch (error) {
      log.error({ folder, fault: messageOf(error) }, 'the work in a tree could not be stored');
    }
  }
}

/** Why the tree stays. */
async function sweepTree(
  { left, placeState, outbox, log }: SweepOptions,
  run: string,
): Promise<string | undefined> {
  const record = await left.record(run);
  if (record === undefined) return 'nothing says whose work it holds';
  if (record.state !== placeState) return 'it came with a copied state directory';
  if (record.phase === 'preparing') {
    await left.discard(run);
    return undefined;
  }
  const tree = left.tree(record);
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
