/**
 * `waggle gc` against a real orchestrator, real repositories and real state directories.
 */
import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freeFiles } from '../../services/cli/gc/files.ts';
import { freeMail } from '../../services/cli/gc/mail.ts';
import type { GcScope } from '../../services/cli/gc/scope.ts';
import { freeJournal, freeSnapshots } from '../../services/cli/gc/snapshots.ts';
import { writeTreeRecord } from '../../services/worker/tree-records.ts';
import { evolveBatch } from '../../shared/board/evolve.ts';
import { partsOf, toImage } from '../../shared/board/snapshot.ts';
import { createBoard } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { putFile } from '../../shared/bus/files.ts';
import { openJournal } from '../../shared/bus/journal.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { openSnapshots } from '../../shared/bus/snapshots.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { systemClock } from '../../shared/clock.ts';
import { acquireStateLock } from '../../shared/process/state-lock.ts';
import { randomId } from '../../shared/random.ts';
import {
  about,
  add,
  claimBy,
  done,
  grantOf,
  mailReport,
  plain,
  sendClaim,
  stateOf,
  until,
} from '../support/asking.ts';
import { type CommandLine, commandLine } from '../support/command-line.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { whileNobodyLeads } from '../support/outages.ts';
import { gitIn, makeRepository, temporaryFolder, writeFiles } from '../support/repository.ts';

let hive: TestHive;
let line: CommandLine;
let operator: BoardClient;
let ada: Bus;
let core: Bus;
let swarm: Bus;
let claims = 0;
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
const claimed = async () => {
  claims += 1;
  return grantOf(await sendClaim(ada, 'ada', claimBy('ada', { number: claims, wait_ms: 2_000 })));
};
const stored = async (text: string) => {
  const path = join(line.folder, 'upload');
  writeFileSync(path, text);
  return putFile(swarm, project, 'ada', path);
};
const isStored = async ({ owner, sha256 }: { owner: string; sha256: string }) =>
  (await swarm.streams.get(names.files, { lastBySubject: `wg.${project}.files.${owner}.${sha256}.0` })) !==
  undefined;
const commit = 'a'.repeat(40);

describe('files', () => {
  test('that no task and no unconsumed report names go, when they are old enough', async () => {
    await add(operator, plain('keeper'));
    const grant = await claimed();
    const loose = await stored('loose');
    const saved = await stored('saved by a checkpoint');
    const body = await stored('a body');
    await add(operator, plain('with-body', { body_file: body }));
    const checkpoint = { fence: grant.fence, number: 1, base: commit, head: commit, file: saved };
    await mailReport(ada, 'ada', { ...about(grant, 'cp'), kind: 'checkpoint', checkpoint });
    await until(
      'it is known',
      async () => (await operator.query({ v: 1, kind: 'task', id: 'keeper' })).view.task.checkpoint,
    );

    expect(await freeFiles(scope({ before: Date.now() - 60_000 }))).toMatchObject({ count: 0 });
    expect(await freeFiles(scope({ isDry: true }))).toMatchObject({ count: 1, bytes: 5 });
    expect(await isStored(loose)).toBe(true);
    expect(await freeFiles(scope())).toMatchObject({ count: 1, bytes: 5 });
    expect([await isStored(loose), await isStored(saved), await isStored(body)]).toEqual([false, true, true]);

    await mailReport(ada, 'ada', done(grant));
    await until('it is closed', async () => (await stateOf(operator, 'keeper')) === 'closed');
    expect(await freeFiles(scope())).toMatchObject({ count: 1 });
    expect([await isStored(saved), await isStored(body)]).toEqual([false, true]);
    await operator.command({ v: 1, kind: 'cancel', id: randomId(), task: 'with-body' });
    expect(await freeFiles(scope())).toMatchObject({ count: 0 });
  });

  test('of a report that nobody has consumed yet stay', async () => {
    await add(operator, plain('pending'));
    const grant = await claimed();
    const bundle = await stored('a bundle that only a mail names');
    const { client } = scope();
    // The board as it was: the leader is away, so its last words stand in for it.
    const asleep: BoardClient = {
      ...client,
      query: (async (query: { kind: string }) => {
        if (query.kind === 'tasks') return { tasks: [] };
        return { last: 0, batches: [{ batch: { mail_seq: 0 } }] };
      }) as unknown as BoardClient['query'],
    };
    await whileNobodyLeads(hive, async () => {
      await mailReport(ada, 'ada', {
        ...about(grant),
        kind: 'submitted',
        base: commit,
        head: commit,
        bundle,
      });
      expect(await freeFiles(scope({ client: asleep }))).toMatchObject({ notes: [] });
      expect(await isStored(bundle)).toBe(true);
    });
    await operator.command({ v: 1, kind: 'cancel', id: randomId(), task: 'pending' });
  });
});

test('old mail goes, but what is not consumed and the newest announcement stay', async () => {
  const topic = { kind: 'topic', name: 'talk' } as const;
  const write = (id: string) =>
    sendMail(ada, project, 'ada', topic, { v: 1, id, kind: 'message', at: 1, body: id });
  await write('early');
  await add(operator, plain('announced'));
  const grant = await claimed();
  await mailReport(ada, 'ada', done(grant));
  await until('it is closed', async () => (await stateOf(operator, 'announced')) === 'closed');
  const own = `wg.${project}.mail.orchestrator.*.*`;
  const announced = await until('it is announced', async () => {
    const last = await swarm.streams.get(names.mail, { lastBySubject: own });
    return last !== undefined && Buffer.from(last.payload).toString().includes('announced: done')
      ? last
      : undefined;
  });
  const late = await write('late');
  expect(await freeMail(scope({ before: 0 }))).toMatchObject({ count: 0 });
  const dry = await freeMail(scope({ isDry: true }));
  expect(dry.count).toBeGreaterThan(1);
  expect(await freeMail(scope())).toEqual(dry);
  const { batches } = await operator.query<'journal'>({
    v: 1,
    kind: 'journal',
    after: (await operator.query<'status'>({ v: 1, kind: 'status' })).journal_seq - 1,
  });
  const { firstSeq } = (await swarm.streams.info(names.mail))!;
  expect(firstSeq).toBeLessThanOrEqual(Math.min(announced.seq, batches.at(-1)!.batch.mail_seq));
  expect(firstSeq).toBeGreaterThan(1);
  for (const seq of [announced.seq, late]) expect(await swarm.streams.get(names.mail, { seq })).toBeDefined();
  const before = (await swarm.streams.info(names.mail))!.lastSeq;
  await hive.restartOrchestrator();
  const after = await swarm.streams.page(names.mail, { fromSeq: before + 1, subject: own, limit: 100 });
  expect(after.messages).toEqual([]);
});

test('the journal goes back to the older of two good snapshots, and only when asked for', async () => {
  const write = async () => {
    const journal = openJournal(core, project, systemClock);
    const board = createBoard();
    let standing = { journal_seq: 0, batch: '', at: 0, mail_seq: 0, streams: {} };
    await journal.fold((batch, seq) => {
      evolveBatch(board, batch);
      const { id, at, mail_seq, streams } = batch;
      standing = { journal_seq: seq, batch: id, at, mail_seq, streams };
    });
    const more = { announced: standing.journal_seq, genesis: board.genesis, format: board.format };
    await openSnapshots(core, project, randomId).write(
      partsOf(toImage(board)),
      { ...standing, ...more },
      new AbortController().signal,
    );
    return standing.journal_seq;
  };
  await openSnapshots(core, project, randomId).forget();
  expect((await freeJournal(scope())).notes).toEqual([expect.stringContaining('the journal stays')]);
  const older = await write();
  await add(operator, plain('between'));
  const newer = await write();
  expect(newer).toBeGreaterThan(older);
  expect(await freeSnapshots(scope())).toMatchObject({ count: 0 });
  const plainRun = await line.json('gc', '--dry-run');
  expect(plainRun.kinds.map(({ kind }: { kind: string }) => kind)).not.toContain('journal');
  const { count } = (await line.json('gc', '--journal')).kinds[0];
  expect(count).toBeGreaterThan(0);
  expect((await core.streams.info(names.journal))!.firstSeq).toBe(older);
  await hive.restartOrchestrator();
  expect(await stateOf(operator, 'between')).toBe('open');
  await operator.command({ v: 1, kind: 'cancel', id: randomId(), task: 'between' });
});

describe('trees of agents that do not run', () => {
  let place: { path: string; remove(): void };
  let repo: string;
  const agent = () => join(line.folder, '.waggle', 'agents', 'w9');
  beforeEach(() => {
    place = temporaryFolder('waggle-gc-');
    repo = makeRepository(join(place.path, 'repo'));
  });
  afterEach(() => place.remove());

  /** A tree as a killed worker leaves it. */
  async function tree(run: string, files: Record<string, string> = {}, more: object = {}) {
    const lock = await acquireStateLock(agent(), { randomId });
    const folder = join(agent(), 'work', run);
    const records = join(agent(), 'runs', run);
    mkdirSync(records, { recursive: true });
    gitIn(repo, 'worktree', 'add', '--quiet', '--detach', folder);
    writeFiles(folder, files);
    const base = gitIn(repo, 'rev-parse', 'HEAD');
    await writeTreeRecord(records, {
      v: 1,
      task: 't',
      title: 'a task',
      fence: 1,
      run,
      state: lock.place.state,
      phase: 'running',
      git: { gitDir: join(repo, '.git'), base, refs: [] },
      checkpoints: 0,
      ...more,
    });
    await lock.release();
    return { folder, records };
  }
  const gc = async (...words: string[]) => {
    const { kinds } = await line.json('gc', '--worktrees', ...words);
    const [trees, runs] = kinds;
    return { trees: trees.count, runs: runs.count, notes: trees.notes };
  };

  test('go when all their work is stored, with their run folders once these are old', async () => {
    const clean = await tree('clean');
    const dirty = await tree('dirty', { 'new.txt': 'work\n' });
    const other = await tree('other', { 'new.txt': 'stored\n' });
    gitIn(other.folder, 'add', '--all');
    const savedTree = gitIn(other.folder, 'write-tree');
    const saved = await tree('saved', { 'new.txt': 'stored\n' }, { savedTree });
    const begun = await tree('begun', { 'half.txt': 'half\n' }, { phase: 'preparing' });
    mkdirSync(join(agent(), 'work', 'unknown'));
    const kept = ['dirty', 'other', 'unknown'];
    expect(await gc('--dry-run')).toMatchObject({ trees: 3, runs: 0 });
    const first = await gc();
    expect(first).toMatchObject({ trees: 3, runs: 0 });
    expect(first.notes.sort()).toEqual([
      'w9: the tree of run dirty stays, it holds work that is stored nowhere',
      'w9: the tree of run other stays, it holds work that is stored nowhere',
      'w9: the tree of run unknown stays, nothing is known of it',
    ]);
    for (const { folder } of [clean, saved, begun]) expect(existsSync(folder)).toBe(false);
    for (const run of kept) expect(existsSync(join(agent(), 'work', run))).toBe(true);
    const lately = gitIn(repo, 'worktree', 'list', '--porcelain').match(/^worktree /gm);
    expect(lately).toHaveLength(3);
    expect(existsSync(dirty.records)).toBe(true);
    const past = new Date(Date.now() - 30 * 86_400_000);
    for (const path of [clean.records, join(clean.records, 'run.json')]) utimesSync(path, past, past);
    expect(await gc('--days', '7')).toMatchObject({ trees: 0, runs: 1 });
    expect([existsSync(clean.records), existsSync(saved.records)]).toEqual([false, true]);
  });

  test('stay while the agent runs, while its outbox holds something, and in a copy', async () => {
    const { folder } = await tree('busy');
    const lock = await acquireStateLock(agent(), { randomId });
    expect((await gc()).notes).toEqual([expect.stringMatching(/w9: left to itself, it runs as process \d+/)]);
    await lock.release();
    mkdirSync(join(agent(), 'outbox'), { recursive: true });
    writeFileSync(join(agent(), 'outbox', '00000001.json'), '{}');
    expect((await gc()).notes).toEqual([expect.stringMatching(/outbox holds a report .* start it once/)]);
    writeFileSync(join(agent(), 'outbox', '00000001.json.unreadable'), '{}');
    rmSync(join(agent(), 'outbox', '00000001.json'));
    await tree('copied', {}, { state: 'elsewhere' });
    expect((await gc()).notes).toContain(
      'w9: the tree of run copied stays, it was made in another folder, of which this is a copy',
    );
    expect(existsSync(folder)).toBe(false);
  });

  test('of a live grant stay', async () => {
    await add(operator, plain('alive'));
    const grant = await claimed();
    const { folder } = await tree(grant.run);
    expect((await gc()).notes).toContain(`w9: the tree of run ${grant.run} stays, its grant is live`);
    expect(existsSync(folder)).toBe(true);
    await mailReport(ada, 'ada', done(grant));
    await until('it is closed', async () => (await stateOf(operator, 'alive')) === 'closed');
    expect((await gc()).trees).toBeGreaterThan(0);
    expect(existsSync(folder)).toBe(false);
  });
});

test('says what it frees, for people', async () => {
  const { stdout, code } = await line.run(['gc', '--dry-run', '--files', '--mail']);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^KIND +COUNT +OF +SIZE\nfiles +\d+ +chunks of files +.*\nmail +\d+ +messages +.*\n\nwould free /,
  );
});
