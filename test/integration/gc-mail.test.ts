/**
 * `waggle gc` and mail: by size and by the age that ids tell, and the files that hold long bodies.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freeFiles } from '../../services/cli/gc/files.ts';
import { freeMail } from '../../services/cli/gc/mail.ts';
import type { GcScope } from '../../services/cli/gc/scope.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { putFile } from '../../shared/bus/files.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { systemClock } from '../../shared/clock.ts';
import { randomId } from '../../shared/random.ts';
import { add, plain, until } from '../support/asking.ts';
import { type CommandLine, commandLine } from '../support/command-line.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';

let hive: TestHive;
let line: CommandLine;
let operator: BoardClient;
let ada: Bus;
let core: Bus;
let swarm: Bus;
const names = streamNames(project);

beforeAll(async () => {
  hive = await startHive();
  line = await commandLine(hive.server);
  operator = await hive.client('operator');
  ada = await hive.connect('ada');
  core = await hive.services('core');
  swarm = await hive.services('swarm');
});
afterAll(async () => {
  line.close();
  await hive.stop();
});

const scope = (more: Partial<GcScope> = {}): GcScope => ({
  core,
  swarm,
  project,
  client: operator,
  before: Date.now() + 60_000,
  isDry: false,
  signal: new AbortController().signal,
  ...more,
});

test('the file that holds the body of a stored mail stays as long as the mail', async () => {
  const topic = { kind: 'topic', name: 'long' } as const;
  const path = join(line.folder, 'upload');
  writeFileSync(path, 'a body that is too long for a message');
  const body = await putFile(swarm, project, 'ada', path);
  const lastBySubject = `wg.${project}.files.ada.${body.sha256}.0`;
  const isStored = async () => (await swarm.streams.get(names.files, { lastBySubject })) !== undefined;
  const mail = { v: 1, kind: 'message', at: 1, body_file: body } as const;
  const seq = await sendMail(ada, project, 'ada', topic, { ...mail, id: 'long-one' });
  // Whoever writes of a file names none.
  await sendMail(ada, project, 'ada', topic, {
    v: 1,
    id: 'short',
    kind: 'message',
    at: 1,
    body: 'my body_file',
  });
  expect(await freeFiles(scope())).toMatchObject({ count: 0 });
  expect(await isStored()).toBe(true);
  await swarm.streams.remove(names.mail, seq);
  expect(await freeFiles(scope())).toMatchObject({ count: 1 });
  expect(await isStored()).toBe(false);
});

describe('mail by size', () => {
  const write = (body: string, at = systemClock.now()) =>
    sendMail(
      ada,
      project,
      'ada',
      { kind: 'topic', name: 'bulk' },
      { v: 1, id: randomId(), kind: 'message', at, body },
    );
  const info = async () => (await swarm.streams.info(names.mail))!;
  /** The orchestrator has that mail: its next batch says so. */
  const read = (seq: number) =>
    until(`mail ${seq} is read`, async () => {
      const { mail_seq } = await operator.query<'status'>({ v: 1, kind: 'status' });
      return mail_seq >= seq;
    });

  test('goes from the oldest on, young as it is, until little enough is left', async () => {
    await swarm.streams.purge(names.mail, { before: (await info()).lastSeq + 1 });
    const first = await write('x'.repeat(10_000));
    for (let n = 1; n < 10; n += 1) await write('x'.repeat(10_000));
    await read(first + 9);
    await add(operator, plain('after-bulk'));
    await operator.command({ v: 1, kind: 'start', id: randomId(), task: 'after-bulk' });
    const consumed = async () => {
      const { journal_seq } = await operator.query<'status'>({ v: 1, kind: 'status' });
      const { batches } = await operator.query<'journal'>({ v: 1, kind: 'journal', after: journal_seq - 1 });
      return batches.at(-1)?.batch.mail_seq ?? 0;
    };
    await until('the bulk is consumed', async () => (await consumed()) >= first + 9 || undefined);
    const before = 0;
    const { bytes } = await info();
    const wanted = bytes - 25_000;
    const dry = await freeMail(scope({ before, isDry: true }), { maxBytes: wanted });
    expect(dry).toMatchObject({ count: 3, notes: [] });
    expect(await freeMail(scope({ before }), { maxBytes: wanted })).toEqual(dry);
    const left = await info();
    expect(left.firstSeq).toBe(first + 3);
    expect(left.bytes).toBeLessThanOrEqual(wanted);
    expect(left.bytes).toBeGreaterThan(wanted - 11_000);
    expect(await freeMail(scope({ before }), { maxBytes: wanted })).toMatchObject({ count: 0 });
    const { kinds } = await line.json('gc', '--mail', '--max-mail', '1KiB', '--dry-run');
    expect(kinds).toEqual([
      expect.objectContaining({
        kind: 'mail',
        // Of the seven left, the newest is where the orchestrator stands.
        count: 6,
        notes: [expect.stringContaining('the mail stays above that size')],
      }),
    ]);
    await operator.command({ v: 1, kind: 'cancel', id: randomId(), task: 'after-bulk' });
  });

  test('is as old as its id says, and a clock that is ahead holds nothing up', async () => {
    await swarm.streams.purge(names.mail, { before: (await info()).lastSeq + 1 });
    const first = await write('from the future', systemClock.now() + 10 * 365 * 86_400_000);
    await write('from the past', 1);
    await read(await write('where the orchestrator stands'));
    const operatorTask = `later-${randomId(4)}`;
    await add(operator, plain(operatorTask));
    await operator.command({ v: 1, kind: 'start', id: randomId(), task: operatorTask });
    const paths: string[] = [];
    const look = async () => {
      paths.length = 0;
      return freeMail(scope({ isDry: true }), { onMail: (path) => paths.push(path) });
    };
    await until('both may go', async () => ((await look()).count >= 2 ? true : undefined));
    expect(paths.slice(0, 2)).toEqual([
      expect.stringMatching(/^topics\/bulk\/20\d{6}-\d{6}-\d+\.json$/),
      `topics/bulk/19700101-000000-${String(first + 1).padStart(4, '0')}.json`,
    ]);
    expect((await freeMail(scope({ isDry: true, before: systemClock.now() - 60_000 }))).count).toBe(0);
    await operator.command({ v: 1, kind: 'cancel', id: randomId(), task: operatorTask });
  });
});
