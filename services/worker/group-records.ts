/**
 * Which process groups this worker has started, on disk, so that the next process on the same state directory can
 * end what a killed one left behind before it claims.
 *
 * A record names the place that wrote it: in a copy of the state directory it is about somebody else's processes.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { endGroup, endMarked, type ProcessGroup } from '../../shared/process/group.ts';
import { readTreeRecord } from './tree-records.ts';
import { recordsFolder, workFolder } from './workspace.ts';

export interface GroupRecords {
  record(run: string, group: ProcessGroup): Promise<void>;
  forget(run: string): Promise<void>;
}

/** Whose records they are: the state directory, and `Place.state` of who holds its lock. */
interface Owner {
  readonly stateDir: string;
  readonly placeState: string;
}

interface GroupRecord extends ProcessGroup {
  readonly state?: string;
}

export async function openGroupRecords({ stateDir, placeState }: Owner): Promise<GroupRecords> {
  const folder = join(stateDir, 'groups');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    record: (run, group) => {
      const record: GroupRecord = { ...group, state: placeState };
      return writeFile(join(folder, `${run}.json`), JSON.stringify(record), { mode: 0o600 });
    },
    forget: (run) => rm(join(folder, `${run}.json`), { force: true }),
  };
}

/** Ends the process groups that a dead predecessor recorded, and whatever else still runs in one of its runs. */
export async function endLeftovers(
  { stateDir, placeState }: Owner,
  options: { clock: Clock; log: Log; graceMs: number },
): Promise<void> {
  const { clock, log, graceMs } = options;
  const folder = join(stateDir, 'groups');
  const runs = new Set(await runsLeft(stateDir, placeState));
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.json'))) {
    const run = file.slice(0, -'.json'.length);
    try {
      const { state, ...group } = JSON.parse(await readFile(join(folder, file), 'utf8')) as GroupRecord;
      if (state === undefined || state === placeState) {
        const end = await endGroup(group, { clock, graceMs, marker: markerOf(run) });
        if (end !== 'absent') log.warn({ run, pgid: group.pgid, end }, 'a predecessor left processes behind');
        runs.add(run);
      } else {
        log.warn(
          { run },
          'a record of a process group came with a copied state directory; nothing was ended',
        );
      }
    } catch (error) {
      log.warn({ run, err: messageOf(error) }, 'a record of a process group cannot be read');
    }
    await rm(join(folder, file), { force: true });
  }
  for (const run of runs) {
    const count = await endMarked(markerOf(run), { clock, graceMs });
    if (count > 0) log.warn({ run, count }, 'processes of a run outlived it and were ended');
  }
}

/** By the environment that every harness gets. */
const markerOf = (run: string): string => `WAGGLE_RUN=${run}`;

/** Runs whose trees are still there. */
async function runsLeft(stateDir: string, placeState: string): Promise<string[]> {
  const runs: string[] = [];
  for (const run of await readdir(workFolder(stateDir)).catch(() => [])) {
    const record = await readTreeRecord(recordsFolder(stateDir, run));
    if (record?.state === placeState) runs.push(run);
  }
  return runs;
}
