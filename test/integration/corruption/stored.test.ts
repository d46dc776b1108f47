import { execSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FileRef, Submission } from '../../../schemas/index.ts';
import { lookAtElections } from '../../../services/cli/doctor/elections.ts';
import { leaderSubject } from '../../../shared/bus/leadership.ts';
import { createReader } from '../../../shared/bus/read-client.ts';
import { subjectsOf } from '../../../shared/bus/subjects.ts';
import { leadersSpec } from '../../../shared/bus/topology.ts';
import { add, plain, stateOf, until } from '../../support/asking.ts';
import { startDoctor, type TestDoctor } from '../../support/doctor.ts';
import { project } from '../../support/orchestrator.ts';
import { gitIn } from '../../support/repository.ts';
import { sh, workerBench } from '../../support/worker-bench.ts';

const bench = workerBench();
let doctor: TestDoctor;
beforeEach(async () => {
  doctor = await startDoctor(bench.hive.server);
});
afterEach(() => doctor.close());

/** A worker's submission that waits; its chunks are then what `damage` makes of them. */
async function submittedWith(
  damage: (file: FileRef, subject: string) => Promise<unknown>,
): Promise<Submission> {
  const worker = await bench.swarm.worker(`w-${bench.n}`, sh('echo n > new.txt'));
  await bench.add();
  const { submission } = await bench.until('it is submitted', ({ state }) => state === 'submitted');
  await worker.drain();
  if (submission === undefined) throw new Error('no submission');
  const { owner, sha256 } = submission.bundle;
  await damage(submission.bundle, subjectsOf(project).file(owner, sha256, 0));
  return submission;
}
const chunk = async (subject: string, bytes: Uint8Array) => {
  const swarm = await bench.hive.services('swarm');
  return swarm.append(subject, bytes, { headers: { 'Content-Type': 'application/octet-stream' } });
};
const bytesOf = async ({ owner, sha256 }: FileRef) => {
  const bytes = await createReader(await bench.hive.connect('reader'), project, 'reader').chunk(
    owner,
    sha256,
    0,
  );
  if (bytes === undefined) throw new Error('not stored');
  return bytes;
};

test.each([
  [
    'cut short',
    async (file: FileRef, subject: string) => chunk(subject, (await bytesOf(file)).slice(0, 100)),
    /it hashes to \w+, expected/,
  ],
  [
    'replaced',
    async (_: FileRef, subject: string) => chunk(subject, Buffer.from('garbage')),
    /it hashes to \w+, expected/,
  ],
  [
    'removed',
    async (_: FileRef, subject: string) =>
      (await bench.hive.services('swarm')).streams.purge('WG_test_FILES', { subject }),
    /chunk 1 of 1 is missing/,
  ],
])(
  'a submission whose bundle was %s is named by doctor and given back with the reason; the next try lands, and so does what stands beside it',
  async (_, damage, fault) => {
    const { run, agent } = await submittedWith(damage);
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
  },
);

test('a checkpoint that is damaged is named by doctor, and the next run begins without it and is told', async () => {
  const first = bench.workers.start(`k-${bench.n}`, bench.pausing('echo 1 > new.txt'), { checkpointMs: 100 });
  await bench.add();
  await bench.atMarker();
  const { checkpoint } = await bench.until('a checkpoint', (task) => task.checkpoint !== undefined);
  const { owner, sha256 } = checkpoint!.file;
  first.kill('SIGKILL');
  await chunk(subjectsOf(project).file(owner, sha256, 0), Buffer.from('x'));
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
  expect(execSync(`cat ${seen}`, { encoding: 'utf8' })).toMatch(/is damaged: its content hashes to/);
});

test('garbage in an election is named by doctor, and the next renewal or campaign writes it anew; the term goes on or another begins', async () => {
  const core = await bench.hive.services('core');
  await core.append(leaderSubject(project, 'stale-takeover'), Buffer.from('garbage'));
  const found = await lookAtElections(core, project);
  expect(found).toMatchObject({
    status: 'warn',
    error: expect.stringMatching(/^the key of stale-takeover cannot be read \(revision \d+\)$/),
  });
  await core.append(leaderSubject(project, 'orchestrator'), Buffer.from('{"v":1,"hol'));
  await until(
    'it is mended',
    async () => !(await lookAtElections(core, project)).error?.includes('orchestrator'),
  );
  await add(bench.client, plain(`onward-${bench.n}`));
  await core.streams.purge(leadersSpec(project).name, { subject: leaderSubject(project, 'stale-takeover') });
  expect((await lookAtElections(core, project)).status).toBe('pass');
});

test('mail and requests that are no messages are counted where doctor shows them', async () => {
  const agent = await bench.hive.connect('ann');
  const mail = subjectsOf(project).mail('ann', { kind: 'agent', name: 'orchestrator' });
  await agent.append(mail, Buffer.from('{"v":1,"id"'));
  const found = await until('it is counted', async () => {
    const check = await doctor.check('refused');
    return check.status === 'warn' && check;
  });
  expect(found).toMatchObject({
    error: expect.stringMatching(/\d+ of mail/),
    mend: expect.stringContaining('orchestrator.log'),
  });
});

const missing = '1234567890'.repeat(4);
/** A loose ref with that content. */
function writeRef(home: string, ref: string, text: string): void {
  const file = join(home, '.git', ref);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${text}\n`);
}

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
