/**
 * The worker's ledger: one entry when each run has ended. It is for people; a ledger that cannot be written is logged
 * and fails nothing.
 */
import { messageOf } from '../../shared/errors.ts';
import type { LedgerRun } from '../../shared/ledger/entry.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { Log } from '../../shared/log.ts';

export async function noteRun(ledger: Ledger, run: LedgerRun, log: Log): Promise<void> {
  try {
    await ledger.append(run);
  } catch (error) {
    log.warn({ run: run.runId, reason: messageOf(error) }, 'the ledger could not be written');
  }
}
