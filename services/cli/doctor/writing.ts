/**
 * Whether an agent can write where it must: its state directory, its outbox, its ledger. Asked of the system; nothing is
 * written, so a disk that is full is told by its free room.
 */
import { constants } from 'node:fs';
import { access, open, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../shared/errors.ts';
import type { Fault } from './report.ts';

/** Less holds no report with a bundle. */
const ROOM_BYTES = 1024 ** 2;

/** `folder`: the agent's state directory. */
export async function lookAtWriting(folder: string): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const path of [folder, join(folder, 'outbox')]) {
    const fault = await writeFault(() => access(path, constants.W_OK | constants.X_OK));
    if (fault === undefined) continue;
    const mend = `make ${path} writable for whoever runs the agent (\`ls -ld\`, \`lsattr -d\`, \`mount\`); a report that waits for it is written by itself then`;
    faults.push({
      status: 'fail',
      error: `${path} cannot be written to (${fault}): the agent keeps no report`,
      mend,
    });
  }
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < ROOM_BYTES) {
    const mend = `make room there (\`waggle gc\`); the agent holds its task and goes on by itself`;
    faults.push({ status: 'fail', error: `the disk of ${folder} is full: the agent keeps no report`, mend });
  }
  const ledger = join(folder, 'ledger.md');
  const fault = await writeFault(async () => {
    if (!(await stat(ledger)).isFile()) throw new Error('it is no file');
    // Without a write nothing of it changes.
    await (await open(ledger, 'r+')).close();
  });
  if (fault !== undefined) {
    const mend = `make ${ledger} a file that can be written to, or move it away: the next run begins a new one`;
    faults.push({
      status: 'warn',
      error: `${ledger} cannot be written to (${fault}): runs go on, without entries`,
      mend,
    });
  }
  return faults;
}

/** Undefined: it can be, or there is none yet. */
async function writeFault(attempt: () => Promise<void>): Promise<string | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : (code ?? messageOf(error));
  }
}
