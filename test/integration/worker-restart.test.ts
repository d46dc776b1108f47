import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { randomId } from '../../shared/random.ts';
import { until } from '../support/asking.ts';
import { expectRunning, processesWith } from '../support/fake-harness-watch.ts';
import { gitIn } from '../support/repository.ts';
import { killed } from '../support/running-workers.ts';
import { workerBench } from '../support/worker-bench.ts';

const bench = workerBench();
const STUBBORN = fileURLToPath(new URL('../support/fake-harness-stubborn.sh', import.meta.url));
const stateDir = (agent: string) => join(bench.folder, agent);

test('what a killed worker had not stored is taken up by the next on its state directory', async () => {
  const agent = `k-${bench.n}`;
  const seen = bench.file('seen');
  const second = `cat "$0" > ${seen}; echo more > more.txt`;
  const first = bench.pausing('echo 1 > new.txt');
  const script = `if [ -e ${bench.file('at')} ]; then ${second}; else ${first}; fi`;
  const worker = bench.workers.start(agent, script);
  await bench.add();
  await bench.atMarker();
  const { fence } = await bench.grant();
  await killed(worker);
  expect(readdirSync(join(stateDir(agent), 'work'))).toHaveLength(1);
  bench.workers.start(agent, script);
  await bench.until('it is submitted', ({ state }) => state === 'submitted');
  // Stored while its grant was live, so that the next grant goes on from it.
  expect(await bench.events('checkpointed')).toMatchObject([
    { late: false, checkpoint: { fence, number: 1 } },
  ]);
  expect((await bench.events('grant_ended')).map(({ end }) => end.why)).toEqual(['restarted', 'submitted']);
  expect(readFileSync(seen, 'utf8')).toContain('## Work of an earlier try is in your tree');
  const committer = await bench.swarm.committer();
  await bench.until('it is closed', ({ state }) => state === 'closed');
  await committer.drain();
  const changed = gitIn(bench.home, 'show', '--name-only', '--format=', 'waggle/main');
  expect(changed.split('\n')).toEqual(['more.txt', 'new.txt']);
  expect(readdirSync(join(stateDir(agent), 'work'))).toEqual([]);
});

test('trees of nobody, of another place and half made ones are never stored as work', async () => {
  const agent = `k-${bench.n}`;
  const worker = bench.workers.start(agent, bench.pausing('echo 1 > new.txt'));
  await bench.add();
  await bench.atMarker();
  const { run } = await bench.grant();
  await killed(worker);
  const record = join(stateDir(agent), 'runs', run, 'run.json');
  const written = JSON.parse(readFileSync(record, 'utf8')) as object;
  const tree = join(stateDir(agent), 'work', run);
  const restartWith = async (text: string) => {
    writeFileSync(record, text);
    const { incarnation } = (await bench.task()).grant ?? {};
    const again = bench.workers.start(agent, 'sleep 60', { logLevel: 'warn' });
    await until('it has claimed', async () => (await bench.task()).grant?.incarnation !== incarnation);
    await killed(again);
    return bench.workers.said(again);
  };
  expect(await restartWith('{')).toContain('nothing says whose work it holds');
  expect(await restartWith(JSON.stringify({ ...written, state: 'other' }))).toContain(
    'a copied state directory',
  );
  expect(existsSync(join(tree, 'new.txt'))).toBe(true);
  await restartWith(JSON.stringify({ ...written, phase: 'preparing' }));
  expect(existsSync(tree)).toBe(false);
  expect((await bench.events('checkpointed')).filter(({ run: of }) => of === run)).toEqual([]);
});

test('the whole process tree of a harness is gone soon after its worker, whatever it ignores', async () => {
  const agent = `k-${bench.n}`;
  const marker = `tree-${randomId(8)}`;
  const worker = bench.workers.start(agent, `exec sh ${STUBBORN} ${marker}`, { graceMs: 60_000 });
  await bench.add();
  await expectRunning(`${marker}-child-grandchild`, 1);
  const begun = performance.now();
  await killed(worker);
  await until('all are gone', async () => (await processesWith(marker)).length === 0);
  expect(performance.now() - begun).toBeLessThan(10_000);
});

test.runIf(process.platform === 'linux')(
  'what left the group of its harness is ended by the next worker on the state directory',
  async () => {
    const agent = `k-${bench.n}`;
    const marker = `left-${randomId(8)}`;
    // Only once it has a session of its own does it survive the end of the harness's group.
    const settled = join(bench.folder, `settled-${bench.n}`);
    const script = `touch ${settled}; while :; do sleep 0.1; done`;
    const daemon = `setsid sh -c '${script}' ${marker} > /dev/null 2>&1 < /dev/null &`;
    const wait = `while [ ! -e ${settled} ]; do sleep 0.05; done;`;
    const worker = bench.workers.start(agent, `${daemon} ${wait} ${bench.pausing(':')}`);
    await bench.add();
    await bench.atMarker();
    await killed(worker);
    await expectRunning(marker, 1);
    bench.workers.start(agent, 'sleep 60');
    await until('it is gone', async () => (await processesWith(marker)).length === 0);
  },
);
