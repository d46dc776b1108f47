/**
 * The two newest snapshots: whether each can be read, hashes to what its manifest says and makes a board. Larger ones than
 * a look may cost are not read, and that is said.
 */
import type { SnapshotManifest } from '../../../schemas/index.ts';
import { fromImage, imageOf } from '../../../shared/board/snapshot.ts';
import type { Board } from '../../../shared/board/state.ts';
import type { Bus } from '../../../shared/bus/port.ts';
import { openSnapshots } from '../../../shared/bus/snapshots.ts';
import { isWaggleError, messageOf } from '../../../shared/errors.ts';
import { randomId } from '../../../shared/random.ts';
import { type Fault, type Finding, findingOf } from './report.ts';

export interface SnapshotsSeen {
  readonly finding: Finding;
  /** The newest one that makes a board, and the board. */
  readonly newest?: { readonly manifest: SnapshotManifest; readonly board: Board };
}

const LOOKED_AT = 2;
/** More is not read for a look. */
const READ_BYTES = 64 * 1024 ** 2;

const MEND =
  '`waggle down`, then `waggle up`: an orchestrator that finds a damaged one takes the older one or the whole journal, and writes a new one as soon as it leads';

/** Errors: the port's. */
export async function lookAtSnapshots(core: Bus, project: string): Promise<SnapshotsSeen> {
  const snapshots = openSnapshots(core, project, randomId);
  const { manifests, faults: unreadable } = await snapshots.list();
  const faults: Fault[] = unreadable.map((fault) => ({
    status: 'warn',
    error: `among the snapshots, ${fault}`,
    mend: 'nobody reads it, and it goes with the next snapshots that are written',
  }));
  let newest: SnapshotsSeen['newest'];
  const whole: string[] = [];
  let bytes = 0;
  for (const manifest of manifests.slice(0, LOOKED_AT)) {
    bytes += manifest.size_bytes;
    const at = `that at ${manifest.journal_seq}`;
    if (bytes > READ_BYTES) {
      whole.push(`${at} is not read here: it has ${Math.round(manifest.size_bytes / 1024 ** 2)} MiB`);
      continue;
    }
    const board = await boardOf(() => snapshots.read(manifest), manifest.at);
    if (typeof board === 'string') faults.push({ status: 'warn', error: board, mend: MEND });
    else {
      whole.push(`${at} is whole (tasks: ${board.tasks.size})`);
      newest ??= { manifest, board };
    }
  }
  const details = manifests.length === 0 ? 'none yet' : whole.join('; ') || 'none can be used';
  return { finding: findingOf(faults, details), ...(newest === undefined ? {} : { newest }) };
}

/** The board, or why there is none. */
async function boardOf(
  read: () => ReturnType<ReturnType<typeof openSnapshots>['read']>,
  at: number,
): Promise<Board | string> {
  let parts: Awaited<ReturnType<typeof read>>;
  try {
    parts = await read();
  } catch (error) {
    if (!isWaggleError(error, 'snapshot-damaged')) throw error;
    return error.message;
  }
  try {
    const image = imageOf(parts);
    return image === undefined ? 'the parts of a snapshot make no board' : fromImage(image, at);
  } catch (error) {
    // Whatever a board cannot be made of.
    return `a snapshot makes no board: ${messageOf(error)}`;
  }
}
