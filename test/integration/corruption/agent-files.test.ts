import { execSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Report } from '../../../schemas/index.ts';
import { agentChecks } from '../../../services/cli/doctor/agents.ts';
import type { Check } from '../../../services/cli/doctor/report.ts';
import { type Outgoing, openOutbox } from '../../../shared/agent/outbox.ts';
import { describeFile } from '../../../shared/bus/files.ts';
import { createBundle } from '../../../shared/git/bundle.ts';
import { until } from '../../support/asking.ts';
import { type KeptLog, keptLog } from '../../support/kept-log.ts';
import { commitFiles, gitIn, temporaryFolder } from '../../support/repository.ts';
import { sh, workerBench } from '../../support/worker-bench.ts';

const bench = workerBench();
let root: ReturnType<typeof temporaryFolder>;
let agent: string;
let stateDir: string;
let log: KeptLog;
beforeEach(() => {
  root = temporaryFolder();
  agent = `w-${bench.n}`;
  stateDir = join(root.path, 'agents', agent);
  log = keptLog();
  mkdirSync(stateDir, { recursive: true });
});
afterEach(() => root.remove());

const doctor = async (): Promise<Check | undefined> =>
  (await agentChecks(root.path)).find(({ name }) => name === agent);
const inState = (...names: string[]) => join(stateDir, ...names);
const said = () => log.lines.filter(({ level }) => level === 'error' || level === 'warn');

/** A worker on that state does the test's task. */
async function works(): Promise<void> {
  const worker = await bench.swarm.worker(agent, sh('echo n > new.txt'), 0, { stateDir, log });
  await bench.add();
  await bench.until('it is submitted', ({ state }) => state === 'submitted');
  await worker.drain();
}

/** A run that nobody has granted; its report is refused, and that it came is seen. */
const about = (id: string) => ({ v: 1, task: 'gone', fence: 900, run: 'run-9', id }) as const;
const note = (id: string): Report => ({ ...about(id), kind: 'blocked', outcome: 'blocked', reason: id });

async function submitted(id: string): Promise<Outgoing> {
  const copy = bench.file(`clone-${id}`);
  gitIn(bench.folder, 'clone', '--quiet', bench.home, copy);
  const base = gitIn(bench.home, 'rev-parse', 'HEAD');
  const head = commitFiles(copy, { [`${id}.txt`]: `${id}\n` }, 'work');
  const bundle = bench.file(`${id}.bundle`);
  await createBundle(copy, { base, head, file: bundle });
  const report: Report = {
    ...about(id),
    kind: 'submitted',
    base,
    head,
    bundle: await describeFile(agent, bundle),
  };
  return { report, bundle };
}

test('reports cut in the outbox are set aside by name, the others go out, and their work can be fetched as doctor says', async () => {
  const outbox = await openOutbox(inState('outbox'), keptLog());
  for (const id of ['empty', 'half', 'garbage', 'list']) await outbox.put({ report: note(id) });
  await outbox.put(await submitted('lost'));
  await outbox.put(await submitted('torn'));
  await outbox.put({ report: note('whole') });
  const json = (n: number) => inState('outbox', `${String(n).padStart(8, '0')}.json`);
  const bundle = (n: number) => json(n).replace('.json', '.bundle');
  writeFileSync(json(1), '');
  truncateSync(json(2), 30);
  writeFileSync(json(3), '\u0000\u0001garbage');
  writeFileSync(json(4), 'null');
  truncateSync(json(5), 60);
  truncateSync(bundle(6), 200);
  writeFileSync(`${json(8)}.part`, '{"v":1');

  const before = await doctor();
  expect(before).toMatchObject({ status: 'fail', details: 'does not run, 7 reports wait in its outbox' });
  for (const n of [1, 2, 3, 4, 5]) expect(before?.error).toContain(`${json(n)} cannot be read: `);
  expect(before?.error).toMatch(new RegExp(`${json(6)} names a bundle of \\w+…, and ${bundle(6)} hashes to`));
  expect(before?.error).not.toContain(json(7));
  expect(before?.mend).toContain(`git fetch ${bundle(5)} `);

  await works();
  const faults = said().map(({ fields, message }) => `${message}: ${fields['file']}`);
  for (const n of [1, 2, 3, 4, 5])
    expect(faults).toContain(
      `a report in the outbox cannot be read; it was set aside: ${json(n).split('/').at(-1)}`,
    );
  expect(faults).toContain(`a report in the outbox cannot be delivered; it was set aside: ${json(6)}`);
  expect(readdirSync(inState('outbox')).toSorted()).toEqual([
    ...[1, 2, 3, 4].map((n) => `0000000${n}.json.unreadable`),
    '00000005.bundle',
    '00000005.json.unreadable',
    '00000006.bundle',
    '00000006.json.undeliverable',
  ]);

  const after = await doctor();
  expect(after).toMatchObject({ status: 'warn', error: expect.stringContaining('was set aside') });
  // As it says: what is whole is brought back, what is torn is refused by git.
  const refs = '+refs/waggle/bundle/*:refs/heads/rescued/*';
  gitIn(bench.home, 'fetch', '--quiet', bundle(5), refs);
  const [rescued = ''] = gitIn(bench.home, 'for-each-ref', '--format=%(refname)', 'refs/heads/rescued').split(
    '\n',
  );
  expect(gitIn(bench.home, 'show', `${rescued}:lost.txt`)).toBe('lost');
  expect(() => gitIn(bench.home, 'fetch', '--quiet', bundle(6), refs)).toThrow();
  for (const name of readdirSync(inState('outbox'))) rmSync(inState('outbox', name));
  expect((await doctor())?.status).toBe('pass');
});

test('what else an agent wrote and cannot be read stops nothing: each is named, left for a person, and mended as doctor says', async () => {
  await works();
  const run = 'run-of-before';
  mkdirSync(inState('work', run), { recursive: true });
  mkdirSync(inState('runs', run), { recursive: true });
  mkdirSync(inState('groups'), { recursive: true });
  writeFileSync(inState('work', run, 'kept.txt'), 'kept\n');
  const record = inState('runs', run, 'run.json');
  writeFileSync(record, '{"v":1,"task":"t');
  const word = inState('operator', '00000001.json');
  writeFileSync(word, '{"id":"w","kin');
  const group = inState('groups', 'other-run.json');
  writeFileSync(group, '');
  writeFileSync(inState('outbox.last-mail'), 'garbage');
  writeFileSync(inState('state-id'), '');
  const [mirror = ''] = readdirSync(inState('mirrors'));
  const missing = '1234567890'.repeat(4);
  mkdirSync(inState('mirrors', mirror, 'refs', 'waggle', 'rescue'), { recursive: true });
  writeFileSync(inState('mirrors', mirror, 'refs', 'waggle', 'rescue', '7'), `${missing}\n`);
  writeFileSync(inState('mirrors', mirror, 'refs', 'waggle', 'rescue', '8'), 'garb');

  const before = await doctor();
  expect(before?.status).toBe('warn');
  for (const named of [
    `${inState('state-id')} holds no id`,
    record,
    `${word}, an operator's word, cannot be read`,
    `${group}, the record of a process group, cannot be read`,
    `${inState('outbox.last-mail')} says no place in MAIL`,
    '2 refs name objects that are missing, or nothing (refs/waggle/rescue/7, refs/waggle/rescue/8)',
  ])
    expect(before?.error).toContain(named);

  log.lines.length = 0;
  const worker = await bench.swarm.worker(agent, sh('echo more > more.txt'), 0, { stateDir, log });
  await bench.add({ id: `${bench.id}-b` });
  await until('it has done another task', async () => {
    const { view } = await bench.client.query<'task'>({ v: 1, kind: 'task', id: `${bench.id}-b` });
    return view.task.state === 'submitted';
  });
  await worker.drain();
  expect(
    said().map(({ message, fields }) => [message, fields['file'] ?? fields['folder'] ?? fields['run']]),
  ).toEqual(
    expect.arrayContaining([
      ['a record of a process group cannot be read', 'other-run'],
      [
        'the place of the last mail cannot be read; it is written anew with the next one',
        inState('outbox.last-mail'),
      ],
      ['a tree is left alone', inState('work', run)],
      ["an operator's word cannot be read", word],
    ]),
  );
  expect(readFileSync(inState('work', run, 'kept.txt'), 'utf8')).toBe('kept\n');

  const after = await doctor();
  expect(after?.error).toContain(`${inState('state-id')}.unreadable: the directory lost its id`);
  expect(existsSync(group)).toBe(false);
  for (const path of [word, inState('state-id.unreadable')]) rmSync(path);
  rmSync(inState('work', run), { recursive: true });
  const commands = after?.mend?.match(/(?<=`)(git -C|rm) [^`]*refs[^`]*(?=`)/g) ?? [];
  expect(commands).toHaveLength(2);
  for (const command of commands) execSync(command);
  writeFileSync(inState('outbox.last-mail'), '7');
  expect(await doctor()).toMatchObject({ status: 'pass' });
});
