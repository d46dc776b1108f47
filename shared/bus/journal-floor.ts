/**
 * Up to where the journal may be truncated: it is kept back to the older of two verified snapshots (DESIGN 2.1), so
 * that one of them may be damaged and nothing is lost.
 */
import { isWaggleError } from '../errors.ts';
import type { Journal } from './journal.ts';
import type { Snapshots } from './snapshots.ts';

const NEEDED = 2;

/**
 * The sequence below which `streams.purge(journal, { before })` loses nothing; 0 when the journal must stay whole. Reads
 * the snapshots anew, whole. Errors: those of the port.
 */
export async function journalFloor(journal: Pick<Journal, 'at'>, snapshots: Snapshots): Promise<number> {
  const { manifests } = await snapshots.list();
  let verified = 0;
  let floor = Number.POSITIVE_INFINITY;
  for (const manifest of manifests) {
    try {
      await snapshots.read(manifest);
    } catch (error) {
      if (!isWaggleError(error, 'snapshot-damaged')) throw error;
      continue;
    }
    if ((await journal.at(manifest.journal_seq))?.id !== manifest.batch) continue;
    verified += 1;
    // What was not announced yet is read from the journal as well.
    floor = Math.min(floor, manifest.journal_seq, manifest.announced + 1);
    if (verified === NEEDED) return floor;
  }
  return 0;
}
