/**
 * Which process groups this worker has started, on disk, so that the next process on the same state directory can
 * end what a killed one left behind before it claims.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { endGroup, type ProcessGroup } from '../../shared/process/group.ts';

export interface GroupRecords {
  record(run: string, group: ProcessGroup): Promise<void>;
  forget(run: string): Promise<void>;
}

export async function openGroupRecords(stateDir: string): Promise<GroupRecords> {
  const folder = join(stateDir, 'groups');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    record: (run, group) => writeFile(join(folder, `${run}.json`), JSON.stringify(group), { mode: 0o600 }),
    forget: (run) => rm(join(folder, `${run}.json`), { force: true }),
  };
}

/** Ends the process groups that a dead predecessor recorded. */
export async function endLeftovers(
  stateDir: string,
  options: { clock: Clock; log: Log; graceMs: number },
): Promise<void> {
  const { clock, log, graceMs } = options;
  const folder = join(stateDir, 'groups');
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.json'))) {
    const run = file.slice(0, -'.json'.length);
    try {
      const group = JSON.parse(await readFile(join(folder, file), 'utf8')) as ProcessGroup;
      const end = await endGroup(group, { clock, graceMs, marker: `WAGGLE_RUN=${run}` });
      if (end !== 'absent') log.warn({ run, pgid: group.pgid, end }, 'a predecessor left processes behind');
    } catch (error) {
      log.warn({ run, err: messageOf(error) }, 'a record of a process group cannot be read');
    }
    await rm(join(folder, file), { force: true });
  }
}
