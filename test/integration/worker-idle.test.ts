import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decode, encode } from '../../shared/bus/codec.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { until } from '../support/asking.ts';
import { keptLog } from '../support/kept-log.ts';
import { project } from '../support/orchestrator.ts';
import { sh, workerBench } from '../support/worker-bench.ts';

const bench = workerBench();
const runsOf = (name: string) => {
  const runs = join(bench.swarm.folder, name, 'runs');
  return existsSync(runs) ? readdirSync(runs) : [];
};
const mailsFrom = async (from: string) => {
  const { mails } = await createReader(await bench.hive.connect('reader'), project, 'reader').mail({ from });
  return mails.map(({ to, mail }) => `${mail.kind} to ${to.name}: ${mail.body ?? ''}`);
};
const reason = `no ready/open ${project} tasks after 3 consecutive snapshots`;

test('with idle-stop a worker leaves after three empty snapshots, says so, and starts no harness', async () => {
  const name = `w-${bench.n}`;
  const worker = await bench.swarm.worker(name, sh('true'), 0, { idleWaitMs: 20 });
  await worker.done;
  expect(runsOf(name)).toEqual([]);
  expect(await mailsFrom(name)).toEqual([
    `notice to task: loop status: ${reason}; idle-stop`,
    `notice to orchestrator: loop status: idle-stop (${reason})`,
  ]);
});

test('a task that is open, if not ready, keeps it; work in between begins the count anew', async () => {
  const name = `w-${bench.n}`;
  const log = keptLog();
  // Waits for the one below, which nobody here can run.
  await bench.add({ id: `dep-${bench.n}`, requires: { labels: ['other'] } });
  await bench.add({ deps: [`dep-${bench.n}`] });
  const worker = await bench.swarm.worker(name, sh('true'), 0, { idleWaitMs: 10, log });
  const looks = () => log.lines.filter(({ message }) => message === 'nothing to do');
  await until('it has looked five times', () => looks().length >= 5);
  expect(looks().every(({ fields }) => fields['empty'] === 0)).toBe(true);
  for (const id of [`dep-${bench.n}`, bench.id])
    await bench.client.command({ v: 1, kind: 'cancel', id: `cancel-${id}`, task: id });
  await worker.done;
  expect(
    looks()
      .slice(-3)
      .map(({ fields }) => fields['empty']),
  ).toEqual([1, 2, 3]);
});

test('told to drain by a control message, a worker leaves as if it was asked to', async () => {
  const name = `w-${bench.n}`;
  const worker = await bench.swarm.worker(name, sh('true'));
  await until('it waits', async () => (await waiting()) === 1);
  const operator = await bench.hive.connect('operator');
  const { payload, headers } = encode('Control', { v: 1, kind: 'drain' });
  const subject = subjectsOf(project).request('control', name);
  const answer = await operator.request(subject, payload, { timeoutMs: 10_000, headers });
  expect(decode('ControlAnswer', answer)).toMatchObject({ status: 'done' });
  await worker.done;
  expect(await waiting()).toBe(0);
});

const waiting = async () => (await bench.client.query<'status'>({ v: 1, kind: 'status' })).waiting.task;
