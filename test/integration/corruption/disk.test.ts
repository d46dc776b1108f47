import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { agentChecks } from '../../../services/cli/doctor/agents.ts';
import { until } from '../../support/asking.ts';
import { type KeptLog, keptLog } from '../../support/kept-log.ts';
import { temporaryFolder } from '../../support/repository.ts';
import { unwritable, whyNotUnwritable } from '../../support/unwritable.ts';
import { LEASE_MS, sh, workerBench } from '../../support/worker-bench.ts';

const bench = workerBench();
const noChattr = whyNotUnwritable();
let undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.toReversed()) one();
  undo = [];
});

/** A project's `.waggle` with room for agents. */
function stateRoot(): string {
  const place = temporaryFolder();
  undo.push(() => place.remove());
  return place.path;
}
const doctor = async (root: string, name: string) =>
  (await agentChecks(root)).find((check) => check.name === name);
const isSaid = (log: KeptLog, message: string) => log.lines.some((line) => line.message === message);

test.skipIf(noChattr !== undefined)(
  `an outbox that takes no file holds the report, with the task in hand; doctor says which, and what helps (${noChattr ?? 'immutable'})`,
  async () => {
    const name = `w-${bench.n}`;
    const root = stateRoot();
    const stateDir = join(root, 'agents', name);
    const log = keptLog();
    const worker = await bench.swarm.worker(name, sh(bench.pausing('echo n > new.txt')), 0, {
      stateDir,
      log,
    });
    await bench.add();
    await bench.atMarker();
    const { fence } = await bench.grant();
    const give = unwritable(join(stateDir, 'outbox'));
    let isGiven = false;
    undo.push(() => isGiven || give());
    bench.go();
    const line = await until('it says so', () =>
      log.lines.find(({ message }) => message.startsWith('the disk takes no report')),
    );
    expect(line).toMatchObject({ level: 'error', fields: { kind: 'submitted', task: bench.id, fence } });
    expect(await doctor(root, name)).toMatchObject({
      status: 'fail',
      error: expect.stringContaining(`${stateDir}/outbox cannot be written to (EPERM)`),
      details: expect.stringContaining('runs as process'),
      mend: expect.stringContaining('lsattr'),
    });
    // Longer than a lease: nobody takes it, and nothing is lost.
    const since = performance.now();
    await until('a lease has passed', () => performance.now() - since > 1.5 * LEASE_MS);
    expect((await bench.task()).grant?.fence).toBe(fence);
    give();
    isGiven = true;
    await bench.until('it is submitted', ({ state }) => state === 'submitted');
    await worker.drain();
    expect(await bench.events('granted')).toHaveLength(1);
    expect(log.lines.filter(({ message }) => message.startsWith('the disk takes no report'))).toHaveLength(1);
    expect((await doctor(root, name))?.status).toBe('pass');
  },
);

test.skipIf(noChattr !== undefined)(
  `a ledger that is read-only keeps no run from its end; doctor names it, and the next run is in it again (${noChattr ?? 'immutable'})`,
  async () => {
    const name = `w-${bench.n}`;
    const root = stateRoot();
    const stateDir = join(root, 'agents', name);
    const ledger = join(stateDir, 'ledger.md');
    const log = keptLog();
    const worker = await bench.swarm.worker(name, sh('echo $WAGGLE_TASK > new.txt'), 0, { stateDir, log });
    await bench.add();
    await bench.until('it is submitted', ({ state }) => state === 'submitted');
    const give = unwritable(ledger);
    let isGiven = false;
    undo.push(() => isGiven || give());
    await bench.add({ id: `${bench.id}-b` });
    await until('it is told', () => isSaid(log, 'the ledger could not be written'));
    const found = await doctor(root, name);
    expect(found).toMatchObject({
      status: 'warn',
      error: `${ledger} cannot be written to (EPERM): runs go on, without entries`,
    });
    give();
    isGiven = true;
    await bench.add({ id: `${bench.id}-c` });
    await until('the next run is in it', () =>
      readFileSync(ledger, 'utf8').includes(`task: ${bench.id}-c\n`),
    );
    await worker.drain();
    expect(readFileSync(ledger, 'utf8')).not.toContain(`task: ${bench.id}-b\n`);
    expect((await doctor(root, name))?.status).toBe('pass');
  },
);

test.skipIf(noChattr !== undefined)(
  `a state directory that takes no file ends its worker at once, with the path; doctor names it (${noChattr ?? 'immutable'})`,
  async () => {
    const name = `w-${bench.n}`;
    const root = stateRoot();
    const stateDir = join(root, 'agents', name);
    mkdirSync(stateDir, { recursive: true });
    undo.push(unwritable(stateDir));
    const worker = await bench.swarm.worker(name, sh('true'), 0, { stateDir });
    await expect(worker.done).rejects.toThrow(new RegExp(`^EPERM: .*${stateDir}/`));
    expect(await doctor(root, name)).toMatchObject({
      status: 'fail',
      error: expect.stringContaining(`${stateDir} cannot be written to (EPERM)`),
    });
    await expect(worker.drain()).rejects.toThrow('EPERM');
  },
);

test('a folder in the place of the ledger is named by doctor, and moving it away mends it', async () => {
  const name = `w-${bench.n}`;
  const root = stateRoot();
  const ledger = join(root, 'agents', name, 'ledger.md');
  mkdirSync(ledger, { recursive: true });
  expect(await doctor(root, name)).toMatchObject({
    status: 'warn',
    error: `${ledger} cannot be written to (it is no file): runs go on, without entries`,
    mend: expect.stringContaining('move it away'),
  });
  renameSync(ledger, `${ledger}.old`);
  expect((await doctor(root, name))?.status).toBe('pass');
});
