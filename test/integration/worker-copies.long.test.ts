import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireStateLock } from '../../shared/process/state-lock.ts';
import { randomId } from '../../shared/random.ts';
import { until } from '../support/asking.ts';
import { ended, killed } from '../support/running-workers.ts';
import { workerBench } from '../support/worker-bench.ts';

const leaseMs = 3_000;
const bench = workerBench(leaseMs);

/** A state directory that was used before, and a copy of it. */
async function copied(agent: string): Promise<{ original: string; copy: string }> {
  const original = join(bench.folder, agent);
  const lock = await acquireStateLock(original, { randomId });
  await lock.release();
  const copy = join(bench.folder, `${agent}-copy`);
  cpSync(original, copy, { recursive: true, preserveTimestamps: true });
  return { original, copy };
}

test('a copy of a state directory waits until the original was silent for a lease, and robs nobody', async () => {
  const agent = `k-${bench.n}`;
  const { original, copy } = await copied(agent);
  const first = bench.workers.start(agent, bench.pausing(':'), { stateDir: original });
  await bench.add();
  await bench.atMarker();
  const { fence } = await bench.grant();
  const second = bench.workers.start(agent, 'echo 1 > new.txt', { stateDir: copy, logLevel: 'warn' });
  const isRefused = () => bench.workers.said(second).includes('"code":"name-in-use"');
  await until('the copy is refused', isRefused);
  // Beats of the original keep it so.
  const refusals = () => bench.workers.said(second).split('name-in-use').length;
  const before = refusals();
  await until('the copy is refused again', () => refusals() > before);
  expect(await bench.grant()).toMatchObject({ fence });
  const begun = performance.now();
  await killed(first);
  await bench.until('the copy has worked', ({ state }) => state === 'submitted');
  expect(performance.now() - begun).toBeGreaterThan(leaseMs / 2);
  expect((await bench.events('grant_ended')).map(({ end }) => end.why)).toEqual(['restarted', 'submitted']);
});

test('an ended incarnation leaves with a clear word when it wakes', async () => {
  const agent = `k-${bench.n}`;
  const { original, copy } = await copied(agent);
  const work = bench.pausing('echo mine > new.txt', 'sleep 60');
  const first = bench.workers.start(agent, work, { stateDir: original, logLevel: 'warn' });
  await bench.add();
  await bench.atMarker();
  const { fence } = await bench.grant();
  first.kill('SIGSTOP');
  bench.workers.start(agent, 'echo ours > ours.txt', { stateDir: copy });
  await bench.until('the copy has worked', ({ state }) => state === 'submitted');
  first.kill('SIGCONT');
  await ended(first);
  expect(first.exitCode).toBe(1);
  expect(bench.workers.said(first)).toContain(`${agent} was started anew elsewhere`);
  // What it had done is kept all the same.
  await until('the rescue is attached', async () => (await bench.task()).attachments.length > 1);
  expect((await bench.task()).attachments).toContainEqual(expect.objectContaining({ kind: 'rescue', fence }));
});
