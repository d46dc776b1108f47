/**
 * The story of a submission whose bundle is damaged: doctor names it, what it says to do works, the committer gives it back
 * with the reason, the next try lands, and so does what stands beside it.
 */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { FileRef } from '../../../schemas/index.ts';
import { add, stateOf, until } from '../../support/asking.ts';
import type { TestDoctor } from '../../support/doctor.ts';
import { gitIn } from '../../support/repository.ts';
import type { StoredDamage } from '../../support/stored-damage.ts';
import { sh, type WorkerBench } from '../../support/worker-bench.ts';

export interface DamagedBundle {
  readonly bench: WorkerBench;
  readonly stored: StoredDamage;
  readonly doctor: TestDoctor;
  readonly damage: (file: FileRef) => Promise<void>;
  /** What doctor says of the bytes. */
  readonly fault: RegExp;
}

export async function expectRedone({ bench, stored, doctor, damage, fault }: DamagedBundle): Promise<void> {
  const { run, agent, bundle } = await stored.submitted();
  await damage(bundle);
  const found = await doctor.check('stored files');
  expect(found).toMatchObject({
    status: 'fail',
    mend: expect.stringContaining('its committer gives it back'),
  });
  expect(found.error).toContain(`${bench.id}, the bundle of run ${run} by ${agent}: `);
  expect(found.error).toMatch(fault);

  // As doctor says: the work is in the run's folder still.
  const kept = join(bench.swarm.folder, agent, 'runs', run, 'change.bundle');
  gitIn(bench.home, 'fetch', '--quiet', kept, '+refs/waggle/bundle/*:refs/heads/rescued/*');
  expect(gitIn(bench.home, 'for-each-ref', 'refs/heads/rescued')).not.toBe('');

  const beside = await bench.swarm.worker(`b-${bench.n}`, sh('echo $WAGGLE_TASK > $WAGGLE_TASK.txt'));
  await add(bench.client, { id: `${bench.id}-b`, title: 'beside', lane: bench.lane });
  const committer = await bench.swarm.committer();
  await bench.until('it is closed by another try', ({ state }) => state === 'closed');
  await until(
    'what stands beside it is, too',
    async () => (await stateOf(bench.client, `${bench.id}-b`)) === 'closed',
  );
  await Promise.all([committer.drain(), beside.drain()]);
  const { attachments } = await bench.task();
  expect(attachments).toMatchObject([
    { kind: 'bundle', text: expect.stringMatching(/is not stored|is damaged/) },
  ]);
  expect((await doctor.check('stored files')).status).toBe('pass');
}
