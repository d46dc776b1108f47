import { execSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FileRef } from '../../../schemas/index.ts';
import { stateOf, until } from '../../support/asking.ts';
import { startDoctor, type TestDoctor } from '../../support/doctor.ts';
import { project } from '../../support/orchestrator.ts';
import { gitIn } from '../../support/repository.ts';
import { storedDamage, writeRef } from '../../support/stored-damage.ts';
import { sh, workerBench } from '../../support/worker-bench.ts';
import { expectRedone } from './damaged-bundle.ts';

const bench = workerBench();
const stored = storedDamage(bench);
let doctor: TestDoctor;
beforeEach(async () => {
  doctor = await startDoctor(bench.hive.server);
});
afterEach(() => doctor.close());

test.each([
  [
    'replaced',
    (file: FileRef) => stored.replace(file, () => Buffer.from('garbage')),
    /it hashes to \w+, expected/,
  ],
  ['removed', (file: FileRef) => stored.remove(file), /chunk 1 of 1 is missing/],
])(
  'a submission whose bundle was %s is named by doctor and given back with the reason; the next try lands, and so does what stands beside it',
  async (_, damage, fault) => {
    await expectRedone({ bench, stored, doctor, damage, fault });
  },
);

test('a checkpoint that is damaged is named by doctor, and the next run begins without it and is told', async () => {
  const first = bench.workers.start(`k-${bench.n}`, bench.pausing('echo 1 > new.txt'), { checkpointMs: 100 });
  await bench.add();
  await bench.atMarker();
  const { checkpoint } = await bench.until('a checkpoint', (task) => task.checkpoint !== undefined);
  first.kill('SIGKILL');
  await stored.replace(checkpoint!.file, () => Buffer.from('x'));
  expect(await doctor.check('stored files')).toMatchObject({
    status: 'warn',
    error: expect.stringContaining(
      `${bench.id}, checkpoint ${checkpoint?.number} of fence ${checkpoint?.fence}: it hashes`,
    ),
  });
  await bench.takeOver();
  const seen = bench.file('seen');
  const worker = await bench.swarm.worker(`w-${bench.n}`, sh(`cat "$0" > ${seen}; echo n > new.txt`));
  await bench.until('it is submitted', ({ state }) => state === 'submitted');
  await worker.drain();
  expect(readFileSync(seen, 'utf8')).toMatch(/is damaged: its content hashes to/);
});

const missing = '1234567890'.repeat(4);

test('a lane whose branch or fence leads nowhere takes no commit; doctor names the ref, and its commands mend it', async () => {
  const worker = await bench.swarm.worker(`w-${bench.n}`, sh('echo n > new.txt'));
  await bench.add();
  await bench.until('it is submitted', ({ state }) => state === 'submitted');
  await worker.drain();
  const { home, lane } = bench;
  writeFileSync(
    join(doctor.line.folder, 'waggle.yaml'),
    `project: ${project}\nlanes: { ${lane}: { home: ${home}, branch: waggle/main } }\nprofiles: { default: { command: ['true'] } }\n`,
  );
  const mends: [string, string][] = [
    ['refs/heads/waggle/main', missing],
    [`refs/waggle/fence/${lane}`, missing],
    [`refs/waggle/fence/${lane}`, 'garb'],
  ];
  for (const [ref, text] of mends) {
    writeRef(home, ref, text);
    const found = await doctor.check(`lane ${lane}`);
    const how = text === missing ? `names ${missing}, which is missing` : "holds no commit's name";
    expect(found).toMatchObject({ status: 'fail', error: `${home}: ${ref} ${how}` });
    const committer = await bench.swarm.committer();
    await until('the committer is there', async () => {
      const { waiting } = await bench.client.query<'status'>({ v: 1, kind: 'status' });
      return waiting.commit > 0 || (await stateOf(bench.client, bench.id)) !== 'submitted';
    });
    expect(['submitted', 'committing']).toContain(await stateOf(bench.client, bench.id));
    await committer.drain();
    const [drop = ''] = found.mend?.match(/(?<=`)(git -C \S+ update-ref -d|rm) [^`]*(?=`)/) ?? [];
    execSync(drop);
    expect((await doctor.check(`lane ${lane}`)).status).toBe('pass');
  }
  const committer = await bench.swarm.committer();
  await bench.until('it is committed', ({ state }) => state === 'closed');
  await committer.drain();
  expect(gitIn(home, 'show', 'waggle/main:new.txt')).toBe('n');
});
