import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { observable } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { openLeaderKey } from '../../shared/bus/leadership-key.ts';
import { systemClock } from '../../shared/clock.ts';
import { add, done, mailReport, plain, stateOf, until } from '../support/asking.ts';
import {
  type BackupBench,
  boardOf,
  claimed,
  contentOf,
  makeBackupBench,
  names,
} from '../support/backup-bench.ts';
import type { CommandLine } from '../support/command-line.ts';
import { project, type TestHive } from '../support/orchestrator.ts';

let on: BackupBench;
let hive: TestHive;
let line: CommandLine;
let operator: BoardClient;
let file: string;

beforeEach(async () => {
  on = await makeBackupBench();
  ({ hive, line, operator, file } = on);
});
afterEach(() => on.close());

test('a project goes on from its backup on another server, with what was in hand', async () => {
  const grant = await on.work();
  const backup = await line.json('backup', file);
  expect(backup).toMatchObject({ project, file: file, journal_seq: expect.any(Number) });
  await hive.stopOrchestrator();
  const core = await hive.services('core');
  const swarm = await hive.services('swarm');
  const before = await boardOf(core);
  const mail = await contentOf(swarm, names.mail);
  const files = await contentOf(swarm, names.files);

  const { server, there } = await on.elsewhere();
  const restored = await there.json('restore', file);
  expect(restored).toMatchObject({ project, journal_seq: backup.journal_seq + 1 });
  expect(restored.states).toEqual({ open: 1, claimed: 1, closed: 1 });

  const second = await on.hiveOn(server);
  const newCore = await second.services('core');
  const newSwarm = await second.services('swarm');
  const after = await boardOf(newCore);
  // The rest is as it was; the restore tells of itself, and no fence may be given twice.
  expect(after.board.nextFence).toBeGreaterThan(before.board.nextFence + 1_000_000);
  // Nor may a term: agents that heard the old leaders believe no older one.
  expect(after.board.term).toBeGreaterThan(before.board.term + 1_000_000);
  const {
    nextFence: _,
    term: __,
    leader: ___,
    runs,
    ...state
  } = observable(after.board) as Record<string, unknown>;
  expect(observable(before.board)).toMatchObject(state);
  expect(runs).toEqual([...before.board.runs.values()]);
  const [continued] = after.batches.slice(backup.journal_seq);
  expect(continued).toMatchObject({
    predecessor: before.batches[backup.journal_seq - 1]!.id,
    streams: { [names.mail]: (await newSwarm.streams.info(names.mail))!.created },
    events: [
      { type: 'led', leader: 'operator', term: continued!.term },
      { type: 'continued', by: 'operator', next_fence: expect.any(Number) },
    ],
  });
  expect((await contentOf(newSwarm, names.mail)).slice(0, mail.length)).toEqual(mail);
  const bySubject = (messages: readonly { subject: string; payload: Uint8Array }[]) =>
    new Map(messages.map(({ subject, payload }) => [subject, Buffer.from(payload).toString('base64')]));
  expect(bySubject(await contentOf(newSwarm, names.files))).toEqual(bySubject(files));

  const adaAgain = await second.connect('ada');
  const boss = await second.client('operator');
  await mailReport(adaAgain, 'ada', done(grant));
  await until('the old grant is reported', async () => (await stateOf(boss, 'claimed')) === 'closed');
  const next = await claimed(adaAgain, 3);
  expect(next).toMatchObject({ task: 'open' });
  expect(next.fence).toBeGreaterThan(1_000_000);
  await mailReport(adaAgain, 'ada', done(next));
  await until('the open task is done', async () => (await stateOf(boss, 'open')) === 'closed');
  await second.restartOrchestrator();
  expect((await boss.query({ v: 1, kind: 'counts' })).states).toMatchObject({ closed: 3 });
});

describe('a restore is refused before anything is written', () => {
  beforeEach(async () => {
    await add(operator, plain('one'));
    await line.json('backup', file);
  });
  const refusal = async (where: CommandLine, path = file, variables = {}) => {
    const { code, stdout } = await where.run(['restore', path, '--json'], { variables });
    const { error } = JSON.parse(stdout);
    return [code, error.details?.reason ?? error.code, error.message];
  };

  test('onto a project that holds something', async () => {
    expect(await refusal(line)).toEqual([1, 'not-empty', expect.stringContaining(names.journal)]);
  });

  test('under another name', async () => {
    const { there } = await on.elsewhere();
    const other = { WAGGLE_PROJECT: 'other' };
    expect(await refusal(there, file, other)).toEqual([1, 'other-project', expect.any(String)]);
  });

  test('while an orchestrator leads', async () => {
    const { server, there } = await on.elsewhere();
    const core = await on.core(server);
    const key = { core, project, role: 'orchestrator', identity: 'other', clock: systemClock } as const;
    await openLeaderKey(key).look(1_000);
    await openLeaderKey(key).write(0, { everyMs: 100, released: false }, 1_000);
    expect(await refusal(there)).toEqual([1, 'led', expect.stringContaining('other')]);
    expect(await core.streams.info(names.journal)).toBeUndefined();
  });
});

test('a backup is not written over, and none is made of nothing', async () => {
  await line.json('backup', file);
  expect((await line.run(['backup', file])).code).toBe(2);
  expect((await line.run(['backup', file, '--force'])).code).toBe(0);
  const { server, there } = await on.elsewhere();
  const { code, stderr } = await there.run(['backup', join(there.folder, 'none')]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('has no journal yet')]);
  expect(server.port).toBeGreaterThan(0);
});
