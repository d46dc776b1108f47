import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { agentChecks } from '../../../services/cli/doctor/agents.ts';
import { until } from '../../support/asking.ts';
import { keptLog } from '../../support/kept-log.ts';
import { smallDisk, whyNoDisk } from '../../support/small-disk.ts';
import { LEASE_MS, sh, workerBench } from '../../support/worker-bench.ts';

const bench = workerBench();
const noDisk = whyNoDisk();
/** Sets how large the files of a process may become, softly. */
const limit = (bytes: string, pid: number | undefined): void => {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`], { stdio: 'pipe' });
};
const noLimit = whyNoLimit();
function whyNoLimit(): string | undefined {
  try {
    limit('unlimited', process.pid);
    return undefined;
  } catch (error) {
    return `prlimit does not work: ${String(error).split('\n')[0]}`;
  }
}
let undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.toReversed()) one();
  undo = [];
});
const doctor = async (root: string, name: string) =>
  (await agentChecks(root)).find((check) => check.name === name);

test.skipIf(noLimit !== undefined)(
  `a limit on the size of files holds the report like a full disk does, and it goes out when the limit is lifted (${noLimit ?? 'prlimit'})`,
  async () => {
    const agent = `k-${bench.n}`;
    const worker = bench.workers.start(agent, bench.pausing(':', 'echo n > new.txt'), { logLevel: 'warn' });
    await bench.add();
    await bench.atMarker();
    const { fence } = await bench.grant();
    limit('100', worker.pid);
    bench.go();
    await until('it says so', () => bench.workers.said(worker).includes('the disk takes no report'));
    expect(bench.workers.said(worker)).toContain('EFBIG');
    const since = performance.now();
    await until('a lease has passed', () => performance.now() - since > 1.5 * LEASE_MS);
    expect((await bench.task()).grant?.fence).toBe(fence);
    limit('unlimited', worker.pid);
    await bench.until('it is submitted, in this try or the next', ({ state }) => state === 'submitted');
    expect((await bench.task()).losses).toBe(0);
  },
);

test.skipIf(noDisk !== undefined)(
  `a full disk loses no task: the one in hand waits for room, no other is claimed; doctor says that it is full (${noDisk ?? 'tmpfs'})`,
  async () => {
    const disk = smallDisk(4_096);
    undo.push(() => disk.remove());
    const name = `w-${bench.n}`;
    const stateDir = join(disk.folder, 'agents', name);
    const log = keptLog();
    const worker = await bench.swarm.worker(name, sh(bench.pausing('echo n > new.txt')), 0, {
      stateDir,
      log,
    });
    await bench.add();
    await bench.atMarker();
    disk.fill();
    bench.go();
    await until('no report fits', () => {
      // What git gives back is taken, too.
      disk.fill();
      return log.lines.some(({ message }) => message.startsWith('the disk takes no report'));
    });
    expect(await doctor(disk.folder, name)).toMatchObject({
      status: 'fail',
      error: expect.stringContaining(`the disk of ${stateDir} is full`),
    });
    const { fence } = await bench.grant();
    await bench.add({ id: `${bench.id}-b` });
    const since = performance.now();
    await until('a lease has passed', () => performance.now() - since > 1.5 * LEASE_MS);
    expect((await bench.task()).grant?.fence).toBe(fence);
    disk.empty();
    await bench.until('it is submitted', ({ state }) => state === 'submitted');
    expect((await bench.events('grant_ended')).map(({ end }) => end.why)).not.toContain('unlisted');
    expect((await bench.task()).losses).toBe(0);
    await worker.drain();
    await bench.client.command({ v: 1, kind: 'cancel', id: `cancel-b-${bench.n}`, task: `${bench.id}-b` });
    rmSync(stateDir, { recursive: true });
  },
);
