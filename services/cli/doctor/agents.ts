/**
 * The agents whose state is on this machine: whether their disks take what they must write, and whether what they wrote can
 * be read. One check for each; reads only, and takes no lock.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lockHolder } from '../../../shared/process/state-lock.ts';
import { lookAtAgentFiles } from './agent-files.ts';
import { lookAtMirrors } from './mirrors.ts';
import { lookAtOutbox } from './outbox.ts';
import { type Check, type Finding, findingOf, look, warn } from './report.ts';
import { lookAtWriting } from './writing.ts';

const AGENTS_MOST = 100;

/** `stateRoot`: the project's `.waggle`. */
export async function agentChecks(stateRoot: string): Promise<readonly Check[]> {
  const folder = join(stateRoot, 'agents');
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const shown = names.sort().slice(0, AGENTS_MOST);
  const checks: Check[] = [];
  for (const name of shown) checks.push(await look('agents', name, () => finding(join(folder, name))));
  const more = names.length - shown.length;
  if (more > 0) checks.push(await look('agents', 'more', () => warn(`${more} more were not looked at`)));
  return checks;
}

async function finding(folder: string): Promise<Finding> {
  const holder = await lockHolder(folder);
  const { waiting, faults } = await lookAtOutbox(folder);
  const all = [
    ...(await lookAtWriting(folder)),
    ...faults,
    ...(await lookAtAgentFiles(folder, holder !== undefined)),
    ...(await lookAtMirrors(folder)),
  ];
  const runs = holder === undefined ? 'does not run' : `runs as process ${holder.pid}`;
  const reports = waiting === 1 ? 'a report waits' : `${waiting} reports wait`;
  return findingOf(all, waiting === 0 ? runs : `${runs}, ${reports} in its outbox`);
}
