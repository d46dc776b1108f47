import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processIdentity } from '../../shared/process/identity.ts';
import { until } from '../support/asking.ts';
import { gitIn } from '../support/repository.ts';
import { sh, workerBench } from '../support/worker-bench.ts';

const bench = workerBench();
const treesOf = (stateDir: string) => {
  const work = join(stateDir, 'work');
  return existsSync(work) ? readdirSync(work) : [];
};

test('the tree of a grant that ended elsewhere is kept for the next, and the worker claims again', async () => {
  const name = `w-${bench.n}`;
  const seen = bench.file('seen');
  const rescued = 'git rev-parse --verify --quiet $(grep -o "refs/waggle/rescue/[0-9]*" "$0"):new.txt';
  const second = `cat "$0" > ${seen}; ${rescued} >> ${seen}; ls >> ${seen}; echo ours > ours.txt`;
  const first = bench.pausing('echo mine > new.txt', 'sleep 60');
  const worker = await bench.swarm.worker(
    name,
    sh(`if [ -e ${bench.file('at')} ]; then ${second}; else ${first}; fi`),
  );
  await bench.add();
  await bench.atMarker();
  const { fence } = await bench.grant();
  const asked = performance.now();
  await bench.takeBack();
  await bench.until('the second try has submitted', ({ state }) => state === 'submitted');
  // The first harness would have gone on for a minute.
  expect(performance.now() - asked).toBeLessThan(30_000);
  await worker.drain();
  expect(await bench.events('checkpointed')).toMatchObject([
    { late: true, agent: name, checkpoint: { fence } },
  ]);
  const said = readFileSync(seen, 'utf8');
  expect(said).toContain('## Work that an earlier worker saved late');
  // Named, there to be looked at, and not in the tree.
  expect(said).toContain(`git log -p HEAD..refs/waggle/rescue/${fence}`);
  expect(said).toMatch(/\n[0-9a-f]{40}\na.txt\nb.txt\n$/);
  expect(treesOf(join(bench.swarm.folder, name))).toEqual([]);
});

test('a grant that ended before its harness changed anything leaves nothing behind', async () => {
  const name = `w-${bench.n}`;
  const worker = await bench.swarm.worker(name, sh(bench.pausing(':', 'sleep 60')));
  await bench.add();
  await bench.atMarker();
  await bench.client.command({ v: 1, kind: 'cancel', id: `end-${bench.n}`, task: bench.id });
  await until('its tree is gone', () => treesOf(join(bench.swarm.folder, name)).length === 0);
  await worker.drain();
  expect((await bench.task()).attachments).toEqual([]);
});

test('a worker stopped past its lease learns that its grant is gone when it wakes, and its work is kept', async () => {
  const agent = `k-${bench.n}`;
  const stopped = bench.workers.start(agent, bench.pausing('echo late > late.txt'), { logLevel: 'warn' });
  await bench.add();
  const pid = await bench.atMarker();
  stopped.kill('SIGSTOP');
  const fence = await bench.takeOver();
  const other = await bench.swarm.worker(`w-${bench.n}`, sh('echo first > first.txt'));
  await bench.until('the other has submitted', ({ state }) => state === 'submitted');
  const committer = await bench.swarm.committer();
  await bench.until('it is closed', ({ state }) => state === 'closed');
  await Promise.all([other.drain(), committer.drain()]);
  // Its harness ends while nobody listens.
  bench.go();
  const tree = join(bench.folder, agent, 'work');
  // Nobody is there to reap it: a zombie counts as ended.
  await until('it has ended', async () => (await processIdentity(pid)) === undefined);
  expect(readdirSync(tree)).toHaveLength(1);
  stopped.kill('SIGCONT');
  // The takeover itself attached that a worker was lost.
  const rescued = async () => (await bench.task()).attachments.filter(({ kind }) => kind === 'rescue');
  await until('the rescue is attached', async () => (await rescued()).length > 0);
  await until('its tree is gone', () => readdirSync(tree).length === 0);
  expect(await rescued()).toMatchObject([{ fence }]);
  const words = bench.workers.said(stopped);
  expect(words).toContain('no beat for longer than a lease; asking what was lost');
  // Told by a message that waited for it, by its question, or by the refusal of its late report.
  expect(words).toMatch(new RegExp(`"fence":${fence}\\b|fence ${fence} of ${bench.id} is not live`));
  const ends = await bench.events('grant_ended');
  expect(ends.map(({ end }) => end.why)).toEqual(['takeover', 'submitted', 'committed']);
  expect(gitIn(bench.home, 'log', '--format=%an', 'HEAD..waggle/main').split('\n')).toHaveLength(1);
  expect(gitIn(bench.home, 'ls-tree', '--name-only', 'waggle/main').split('\n')).not.toContain('late.txt');
});
