/**
 * Stores a run's tree at intervals while its harness works: one at a time, skipped when nothing changed, and never in
 * the run's way. What goes wrong is logged and tried again at the next interval.
 */
import type { ReportDesk } from '../../shared/agent/granted-work.ts';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { WorkTree } from './run-tree.ts';

export interface CheckpointerOptions {
  readonly tree: WorkTree;
  readonly desk: ReportDesk;
  /** 0: never. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Works until the signal aborts; what is under way then is given up. Never rejects. */
export async function checkpointUntil(options: CheckpointerOptions, signal: AbortSignal): Promise<void> {
  const { tree, intervalMs, clock, log } = options;
  while (intervalMs > 0) {
    await clock.sleep(intervalMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await keepCheckpoint(options, signal);
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ folder: tree.folder, reason: messageOf(error) }, 'a checkpoint could not be taken');
    }
  }
}

/** Puts the tree as it stands into the outbox; false when the newest checkpoint has it already. */
export async function keepCheckpoint(
  { tree, desk, log }: Pick<CheckpointerOptions, 'tree' | 'desk' | 'log'>,
  signal?: AbortSignal,
): Promise<boolean> {
  const taken = await tree.checkpoint(signal);
  if (taken === undefined) return false;
  await desk.keep(tree.outgoing(taken));
  await tree.noteSaved(taken.tree);
  const { fence, number, file } = taken.checkpoint;
  log.debug({ fence, number, bytes: file.size_bytes }, 'checkpoint');
  return true;
}
