import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { putFile } from '../../shared/bus/files.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { claimBy, grantOf, mailReport, sendClaim, until } from '../support/asking.ts';
import { keptLog, type LogLine } from '../support/kept-log.ts';
import { project } from '../support/orchestrator.ts';
import { commitFiles, gitIn } from '../support/repository.ts';
import { killed } from '../support/running-workers.ts';
import { LEASE_MS, sh, workerBench } from '../support/worker-bench.ts';

const bench = workerBench();

describe('while a harness works', () => {
  test('its tree is stored at intervals, numbered, and only when it changed', async () => {
    // By rename: a checkpoint in between sees the one content or the other, whole.
    const write = (text: string) => `echo ${text} > "$0.new"; mv "$0.new" new.txt`;
    const harness = bench.pausing(write('1'), `${write('2')}; sleep 60`);
    const name = `w-${bench.n}`;
    const worker = await bench.swarm.worker(name, sh(harness), 0, { checkpointMs: 30 });
    await bench.add();
    await bench.atMarker();
    const { checkpoint: first } = await bench.until(
      'the first',
      ({ checkpoint }) => checkpoint !== undefined,
    );
    bench.go();
    await bench.until('the second is stored', ({ checkpoint }) => checkpoint?.number === 2);
    await worker.drain();
    // However many intervals passed: one for each state of the tree, and the drain found nothing new.
    const { fence, base } = first ?? { fence: 0, base: '' };
    expect(await bench.events('checkpointed')).toMatchObject([
      { late: false, agent: name, checkpoint: { fence, number: 1, base } },
      { late: false, agent: name, checkpoint: { fence, number: 2, base } },
    ]);
    const left = { state: 'open', losses: 0, attempts: 0, checkpoint: { fence, number: 2 } };
    expect(await bench.task()).toMatchObject(left);
  });

  test('a checkpoint that cannot be taken is logged and fails nothing', async () => {
    const harness = bench.pausing('mv .git aside', 'mv aside .git; echo 1 > new.txt');
    const log = keptLog();
    const worker = await bench.swarm.worker(`w-${bench.n}`, sh(harness), 0, { checkpointMs: 10, log });
    await bench.add();
    await bench.atMarker();
    const failed = ({ message }: LogLine) => message === 'a checkpoint could not be taken';
    await until('one has failed', () => log.lines.some(failed));
    bench.go();
    await bench.until('it is submitted', ({ state }) => state === 'submitted');
    await worker.drain();
  });

  test('a drain gives the task back with the tree as it stands, and the next try goes on from there', async () => {
    const name = `w-${bench.n}`;
    const work = bench.pausing('echo 1 > new.txt; echo two > a.txt');
    const worker = await bench.swarm.worker(name, sh(work), 0);
    await bench.add();
    await bench.atMarker();
    await worker.drain();
    const left = { state: 'open', checkpoint: { number: 1 }, last_end: { why: 'released' } };
    expect(await bench.task()).toMatchObject(left);
    expect(readdirSync(join(bench.swarm.folder, name, 'work'))).toEqual([]);
    const seen = bench.file('seen');
    const next = await bench.swarm.worker(
      `${name}-b`,
      sh(`cat "$0" > ${seen}; git status --porcelain >> ${seen}; echo more > more.txt`),
    );
    const committer = await bench.swarm.committer();
    await bench.until('it is closed', ({ state }) => state === 'closed');
    await Promise.all([next.drain(), committer.drain()]);
    const changed = gitIn(bench.home, 'show', '--name-only', '--format=', 'waggle/main');
    expect(changed.split('\n')).toEqual(['a.txt', 'more.txt', 'new.txt']);
    const said = readFileSync(seen, 'utf8');
    expect(said).toMatch(/^Do it.\n\n## Work of an earlier try is in your tree\n/);
    expect(said).toMatch(/^A {2}new.txt$/m);
    expect(said).toMatch(/^M {2}a.txt$/m);
  });

  test('a worker that is killed loses at most what it wrote since the last checkpoint', async () => {
    const agent = `k-${bench.n}`;
    const worker = bench.workers.start(agent, bench.pausing('echo 1 > "$0.new"; mv "$0.new" new.txt'), {
      checkpointMs: 50,
    });
    await bench.add();
    await bench.atMarker();
    await bench.until('a checkpoint is stored', ({ checkpoint }) => checkpoint !== undefined);
    const note = {
      ...(await bench.grant()),
      kind: 'progress',
      id: `p-${bench.n}`,
      note: 'half done',
    } as const;
    await mailReport(await bench.hive.connect(agent), agent, note);
    await bench.until('the note is known', (task) => task.note === 'half done');
    const begun = performance.now();
    await killed(worker);
    await bench.takeOver();
    const seen = bench.file('seen');
    const next = await bench.swarm.worker(`w-${bench.n}`, sh(`cat "$0" > ${seen}; echo more > more.txt`));
    await bench.until('another has it', ({ state, grant }) => state !== 'open' && grant?.agent !== agent);
    expect(performance.now() - begun).toBeLessThan(LEASE_MS + 10_000);
    const committer = await bench.swarm.committer();
    await bench.until('it is closed', ({ state }) => state === 'closed');
    await Promise.all([next.drain(), committer.drain()]);
    expect(gitIn(bench.home, 'show', 'waggle/main:new.txt')).toBe('1');
    expect(gitIn(bench.home, 'show', 'waggle/main:more.txt')).toBe('more');
    expect(gitIn(bench.home, 'rev-list', '--count', 'HEAD..waggle/main')).toBe('1');
    expect(readFileSync(seen, 'utf8')).toMatch(/## Progress so far\n\nhalf done/);
  });
});

test('what a task that expects no change left is stored before its tree goes, whatever its gates say', async () => {
  const name = `w-${bench.n}`;
  const { config } = await bench.client.query<'status'>({ v: 1, kind: 'status' });
  const gate = { name: 'VG-NO', run: 'exit 1', timeout_ms: 5_000 };
  await bench.hive.configure({ ...config, gates: { ...config.gates, 'VG-NO': gate } });
  const worker = await bench.swarm.worker(name, sh('echo mine > new.txt'), 0);
  await bench.add({ expects: 'none', gates: ['VG-NO'], max_attempts: 1 });
  const task = await bench.until('it has failed', ({ state }) => state === 'failed');
  await worker.drain();
  expect(task).toMatchObject({ attempts: 1, checkpoint: { number: 1 } });
  expect(await bench.events('checkpointed')).toMatchObject([{ late: false, agent: name }]);
  expect(readdirSync(join(bench.swarm.folder, name, 'work'))).toEqual([]);
});

describe('work of an earlier try that cannot be used', () => {
  /** A worker gave the task back with a checkpoint of a tree in which `files` were written; its fence. */
  async function leave(
    files: Record<string, string>,
    spoil: (file: string) => void = () => {},
  ): Promise<number> {
    const { n, home, folder, id } = bench;
    const agent = `d-${n}`;
    await bench.add();
    const bus = await bench.hive.connect(agent);
    const { fence, run } = grantOf(await sendClaim(bus, agent, claimBy(agent)));
    const copy = join(folder, `clone-${n}`);
    gitIn(folder, 'clone', '--quiet', home, copy);
    const base = gitIn(home, 'rev-parse', 'HEAD');
    const head = commitFiles(copy, files, 'wip');
    const bundle = bench.file('left.bundle');
    gitIn(copy, 'bundle', 'create', '--quiet', bundle, 'HEAD', `^${base}`);
    spoil(bundle);
    const file = await putFile(bus, project, agent, bundle);
    const checkpoint = { fence, number: 1, base, head, file };
    const report = { v: 1, task: id, fence, run, kind: 'released', id: `end-${n}`, reason: 'left' } as const;
    await mailReport(bus, agent, { ...report, checkpoint });
    await bench.until('it is open again', ({ state }) => state === 'open');
    return fence;
  }
  /** Runs the task; gives its prompt and what stands under the checkpoint's ref. */
  async function lookAt(fence: number): Promise<string> {
    const seen = bench.file('seen');
    const look = `cat "$0"; git rev-parse --verify --quiet refs/waggle/checkpoint/${fence}:new.txt; cat a.txt`;
    const worker = await bench.swarm.worker(
      `w-${bench.n}`,
      sh(`{ ${look}; } > ${seen}; echo ours > ours.txt`),
    );
    await bench.until('it is submitted', ({ state }) => state === 'submitted');
    await worker.drain();
    return readFileSync(seen, 'utf8');
  }

  test('because it conflicts: the tree is the tip, the work is under a ref, and the prompt says so', async () => {
    const fence = await leave({ 'a.txt': 'mine\n', 'new.txt': 'n\n' });
    const tip = commitFiles(bench.home, { 'a.txt': 'theirs\n' });
    const adopt = { v: 1, kind: 'lane_adopt', id: `adopt-${bench.n}`, lane: bench.lane, tip } as const;
    await bench.client.command(adopt);
    const said = await lookAt(fence);
    expect(said).toContain('## Work of an earlier try did not fit into your tree');
    expect(said).toContain('conflicts in a.txt with what was committed since');
    expect(said).toContain(`git log -p HEAD..refs/waggle/checkpoint/${fence}`);
    expect(said).toMatch(/\n[0-9a-f]{40}\ntheirs\n$/);
  });

  test.each([
    ['damaged', (file: string) => writeFileSync(file, 'no bundle'), 'the file is not a git bundle'],
    ['missing', undefined, 'is not stored'],
  ])(
    'because its bundle is %s: the run goes on without it, and the prompt says why',
    async (_, spoil, why) => {
      const fence = await leave({ 'new.txt': 'n\n' }, spoil);
      if (spoil === undefined) {
        const { streams } = await bench.hive.services('swarm');
        const { owner, sha256 } = (await bench.task()).checkpoint?.file ?? { owner: '', sha256: '' };
        const subject = subjectsOf(project).file(owner, sha256, 0);
        expect(await streams.purge(streamNames(project).files, { subject })).toBe(1);
      }
      const said = await lookAt(fence);
      expect(said).toContain('## Work of an earlier try is lost');
      expect(said).toContain(why);
      expect(said).toMatch(/\none\n$/);
    },
  );
});
