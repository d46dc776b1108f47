/**
 * Backups of a busy project, of a trimmed journal, of many files; and damaged ones.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { partsOf, toImage } from '../../shared/board/snapshot.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { putFile } from '../../shared/bus/files.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { openSnapshots } from '../../shared/bus/snapshots.ts';
import { randomId } from '../../shared/random.ts';
import { add, done, mailReport, plain, stateOf, until } from '../support/asking.ts';
import { type BackupBench, boardOf, claimed, makeBackupBench, names } from '../support/backup-bench.ts';
import type { CommandLine } from '../support/command-line.ts';
import { project, type TestHive } from '../support/orchestrator.ts';

let on: BackupBench;
let hive: TestHive;
let line: CommandLine;
let operator: BoardClient;
let ada: Bus;
let file: string;

beforeEach(async () => {
  on = await makeBackupBench();
  ({ hive, line, operator, ada, file } = on);
});
afterEach(() => on.close());

test('what is taken while the swarm works holds what its journal refers to', async () => {
  const stop = new AbortController();
  const working = (async () => {
    for (let n = 1; !stop.signal.aborted; n += 1) {
      await add(operator, plain(`t${n}`));
      await mailReport(ada, 'ada', done(await claimed(ada, n)));
    }
  })();
  await until('it works', async () => (await operator.query({ v: 1, kind: 'counts' })).total > 20);
  const backups: string[] = [];
  for (const n of [1, 2, 3]) {
    backups.push(join(line.folder, `${n}.waggle`));
    await line.json('backup', backups.at(-1)!);
  }
  stop.abort();
  await working;
  const { server, there } = await on.elsewhere();
  await there.json('restore', backups.at(-1)!);
  const second = await on.hiveOn(server);
  const { batches } = await boardOf(await second.services('core'));
  const info = await (await second.services('swarm')).streams.info(names.mail);
  expect(info!.lastSeq).toBeGreaterThanOrEqual(batches.at(-1)!.mail_seq);
  expect((await (await second.client('operator')).query({ v: 1, kind: 'counts' })).total).toBeGreaterThan(20);
});

test('a journal whose beginning was trimmed is restored with the snapshot that leads up to it', async () => {
  await on.work();
  await hive.stopOrchestrator();
  const core = await hive.services('core');
  const { board, batches } = await boardOf(core);
  const { id, at, mail_seq, streams } = batches.at(-1)!;
  const standing = { journal_seq: batches.length, batch: id, at, mail_seq, streams };
  const more = { announced: 0, genesis: board.genesis, format: board.format };
  const { signal } = new AbortController();
  await openSnapshots(core, project, randomId).write(
    partsOf(toImage(board)),
    { ...standing, ...more },
    signal,
  );
  await hive.startOrchestrator();
  await add(operator, plain('later'));
  await core.streams.purge(names.journal, { before: batches.length });
  const backup = await line.json('backup', file);
  expect(backup.streams.journal.messages).toBeLessThan(backup.journal_seq);
  const { server, there } = await on.elsewhere();
  await there.json('restore', file);
  const second = await on.hiveOn(server);
  const boss = await second.client('operator');
  expect(await Promise.all(['closed', 'claimed', 'later'].map((task) => stateOf(boss, task)))).toEqual([
    'closed',
    'claimed',
    'open',
  ]);
  const snapshots = openSnapshots(await second.services('core'), project, randomId);
  const { manifests } = await snapshots.list();
  expect(await snapshots.read(manifests.at(-1)!)).toEqual([...partsOf(toImage(board))]);
  // Whoever leads now can append: also where the server was told to skip sequences.
  await add(boss, plain('appended'));
  expect(await stateOf(boss, 'appended')).toBe('open');
});

const flipped = (whole: Buffer): Buffer => {
  const copy = Buffer.from(whole);
  const at = Math.floor(copy.length / 2);
  copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at);
  return copy;
};
const replaced = (plainBytes: Buffer): Buffer => {
  const copy = Buffer.from(plainBytes);
  const at = copy.indexOf('orchestrator');
  copy.write('ORCHESTRATOR', at);
  return copy;
};

test.each<[string, (whole: Buffer) => Buffer, RegExp]>([
  ['that was cut', (whole) => whole.subarray(0, whole.length - 100), /unexpected end|too early/],
  ['with another byte in it', (whole) => flipped(whole), /digest|incorrect|invalid|none|corrupt/],
  [
    'whose content was changed and packed again',
    (whole) => gzipSync(replaced(gunzipSync(whole))),
    /another digest/,
  ],
  ['that is something else', () => gzipSync('{"a":1}\n'), /does not begin with the header/],
  ['that is not packed', () => Buffer.from('hello\n'), /incorrect header/],
  ['of a later format', () => gzipSync('{"waggle_backup":9}\n'), /format 9.*reads format 1/],
])('a restore of a file %s is refused before anything is written', async (_, damage, message) => {
  await line.json('backup', file);
  const { server, there } = await on.elsewhere();
  const damaged = join(line.folder, 'damaged.waggle');
  writeFileSync(damaged, damage(readFileSync(file)));
  const { code, stdout } = await there.run(['restore', damaged, '--json']);
  const { error } = JSON.parse(stdout);
  expect([code, error.code, error.message]).toEqual([1, 'backup-damaged', expect.stringMatching(message)]);
  const core = await on.core(server);
  expect(await core.streams.info(names.journal)).toBeUndefined();
});

test('files are found by their content after a restore', async () => {
  await on.work();
  const reader = createReader(ada, project, 'ada');
  const { sha256 } = await putFile(ada, project, 'ada', on.data);
  await line.json('backup', file);
  const { server, there } = await on.elsewhere();
  await there.json('restore', file);
  const second = await on.hiveOn(server);
  const again = createReader(await second.connect('ada'), project, 'ada');
  for (const n of [0, 1]) {
    expect(await again.chunk('ada', sha256, n)).toEqual(await reader.chunk('ada', sha256, n));
  }
});
