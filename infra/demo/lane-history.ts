/**
 * What stands in a lane's branch: its commits since a base, each with its message and what it changed. Reads only.
 */
import { git } from '../../shared/git/git.ts';
import type { Where } from '../../shared/git/repository.ts';

export interface FileChange {
  /** Git's letter: `A`, `M`, `D`, `T`. */
  readonly status: string;
  readonly path: string;
  readonly blob: string;
  /** Whether the kind of file or its right to be run changed. */
  readonly modeChanged: boolean;
}

export interface LaneCommit {
  readonly id: string;
  readonly parents: readonly string[];
  readonly subject: string;
  readonly message: string;
  readonly changes: readonly FileChange[];
}

/** Oldest first. Errors: `git-failed` when a name stands for nothing. */
export async function laneHistory(
  where: Where,
  range: { readonly base: string; readonly tip: string },
): Promise<LaneCommit[]> {
  const shape = ['--reverse', '--topo-order', '--raw', '-z', '--no-abbrev', '--no-renames', '--no-color'];
  // A message holds no such character, so a record cannot be faked by one.
  const format = '--format=%x01%H%x02%P%x02%B%x02';
  const { stdout } = await git(['log', ...shape, format, range.tip, `^${range.base}`, '--'], where);
  return stdout.split('\x01').slice(1).map(commitOf);
}

function commitOf(record: string): LaneCommit {
  const [id = '', parents = '', message = '', raw = ''] = record.split('\x02');
  return {
    id,
    parents: parents.split(' ').filter((parent) => parent !== ''),
    subject: message.split('\n', 1)[0] ?? '',
    message,
    changes: changesOf(raw),
  };
}

/** `:<old mode> <new mode> <old blob> <new blob> <letter>` and the path, each ended by NUL. */
function changesOf(raw: string): FileChange[] {
  const fields = raw.split('\0').map((field) => field.replace(/^\n/, ''));
  const changes: FileChange[] = [];
  for (let at = 0; at < fields.length; at += 1) {
    const [, oldMode = '', newMode = '', blob = '', status = ''] =
      /^:(\d+) (\d+) [0-9a-f]+ ([0-9a-f]+) ([A-Z])\d*$/.exec(fields[at] ?? '') ?? [];
    if (status === '') continue;
    at += 1;
    const modeChanged = oldMode !== newMode && Number(oldMode) !== 0;
    changes.push({ status, path: fields[at] ?? '', blob, modeChanged });
  }
  return changes;
}
