import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Command, CommitGrant } from '../../schemas/index.ts';
import { LaneBook } from '../../services/committer/lane-book.ts';
import { LaneDesk } from '../../services/committer/lane-desk.ts';
import { keepLanesOpen } from '../../services/committer/lane-opener.ts';
import { endLeftovers, openGroupRecords } from '../../services/worker/group-records.ts';
import { putFile } from '../../shared/bus/files.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import {
  about,
  claimBy,
  eventsOf,
  grantOf,
  mailReport,
  sendClaim,
  stateOf,
  until,
} from '../support/asking.ts';
import { processesWith } from '../support/fake-harness-watch.ts';
import { useLaneBench } from '../support/lane-bench.ts';
import { anyone, place, project } from '../support/orchestrator.ts';
import { commitFiles, gitIn } from '../support/repository.ts';

const bench = useLaneBench();
const go = () => join(bench.place.path, 'go');
afterEach(() => rmSync(go(), { force: true }));

/** A committer whose process the test plays: each claim is one of a new incarnation, and ends the grant before. */
async function restarts() {
  const agent = `player-${bench.lane}`;
  bench.committers = { [agent]: 'committer' };
  await bench.configure(bench.home);
  const bus = await bench.hive.connect(agent);
  let incarnations = 0;
  const capabilities = { ...anyone, lanes: [bench.lane] };
  return async (): Promise<CommitGrant> => {
    incarnations += 1;
    const incarnation = `${incarnations}-${bench.lane}`;
    const claim = claimBy(agent, { incarnation, work: 'commit', capabilities, place, wait_ms: 5_000 });
    const grant = grantOf(await sendClaim(bus, agent, claim));
    if (grant.kind !== 'commit') throw new Error('expected a commit grant');
    return grant;
  };
}

describe('a lane-opener', () => {
  test('a tip that was read before somebody’s commit and would be told after it is not told', async () => {
    await bench.configure(bench.home);
    const desk = new LaneDesk(join(bench.place.path, 'slow'));
    let go = () => {};
    const stopped = new Promise<void>((resolve) => {
      go = resolve;
    });
    const end = new AbortController();
    let isStopped = false;
    const swarm = await bench.hive.connect('committer-2');
    const book = new LaneBook(systemClock);
    const opening = keepLanesOpen(
      {
        swarm,
        project,
        agent: 'committer-2',
        lanes: [bench.lane],
        book,
        clock: systemClock,
        randomId,
        log: silentLog,
        desk: {
          forget: (lane) => desk.forget(lane),
          async hands(lane, signal) {
            const hands = await desk.hands(lane, signal);
            const open: typeof hands.home.open = async (how) => {
              const tip = await hands.home.open(how);
              isStopped = true;
              await stopped;
              return tip;
            };
            return { ...hands, home: { ...hands.home, open } };
          },
        },
      },
      end.signal,
    );
    await until('it has read the tip', () => isStopped);
    await bench.commit();
    await bench.submit(await bench.add('meanwhile'), { 'a.txt': 'new\n' });
    expect(await bench.ended('meanwhile')).toMatchObject({ state: 'closed' });
    go();
    await until('the lane is open to both', () => book.open().length === 1);
    await bench.submit(await bench.add('after'), { 'b.txt': 'new\n' });
    expect(await bench.ended('after')).toMatchObject({ state: 'closed' });
    end.abort();
    await opening;
    const moved = (await eventsOf(bench.client)).filter(({ type }) => type === 'lane_moved');
    expect(moved).toEqual([]);
  });
});

test.each([
  ['cancel', { state: 'cancelled' }],
  ['close', { state: 'closed', closing: { how: 'operator' } }],
  ['retry', { state: 'open' }],
] as const)(
  '%s asked while its committer is dead is in force once the look-up has been made',
  async (kind, expected) => {
    const id = `dead-${kind}`;
    await bench.commit();
    await bench.drainCommitters();
    await bench.submit(await bench.add(id), { 'a.txt': 'new\n' });
    const claim = await restarts();
    await claim();
    const more = kind === 'close' ? { no_change: true } : {};
    const answer = await bench.client.command({ v: 1, kind, id: `ask-${id}`, task: id, ...more } as Command);
    expect(answer.tasks).toMatchObject([{ deferred: true }]);
    await bench.takeOver(id);
    await bench.commit();
    const task = await until('the look-up has been made', async () => {
      const now = await bench.task(id);
      return !['submitted', 'committing'].includes(now.state) && now;
    });
    expect(task).toMatchObject(expected);
    expect(bench.subjects()).toEqual([]);
    if (task.state === 'open')
      await bench.client.command({ v: 1, kind: 'cancel', id: `end-${id}`, task: id });
  },
);

describe('a submission that ends its committers', () => {
  test('fails past the bound without another try, and the lane goes on', async () => {
    await bench.commit();
    await bench.drainCommitters();
    const ran = join(bench.place.path, 'ran');
    writeFileSync(go(), `touch "${ran}"`);
    await bench.submit(await bench.add('deadly', { gates: ['VG-WAIT'] }), { 'a.txt': 'new\n' });
    const claim = await restarts();
    for (let death = 0; death < 4; death += 1) expect(await claim()).toMatchObject({ task: 'deadly' });
    await bench.submit(await bench.add('harmless'), { 'b.txt': 'new\n' });
    await bench.takeOver('deadly');
    await bench.commit();
    expect(await bench.ended('deadly')).toMatchObject({
      state: 'failed',
      blocked_reason: expect.stringMatching(/4 committers died with it in hand \(bound 3\)/),
    });
    expect(await bench.ended('harmless')).toMatchObject({ state: 'closed' });
    expect(existsSync(ran)).toBe(false);
  });

  test('is closed all the same when the last of them had landed it', async () => {
    await bench.commit();
    await bench.drainCommitters();
    await bench.submit(await bench.add('deadly-landed'), { 'a.txt': 'new\n' });
    const claim = await restarts();
    for (let death = 0; death < 3; death += 1) await claim();
    // What a committer leaves in the branch that dies before it reports.
    gitIn(bench.home, 'checkout', '-q', bench.branch);
    const run = (await bench.task('deadly-landed')).submission?.run;
    commitFiles(
      bench.home,
      { 'a.txt': 'new\n' },
      `chore: it\n\nWaggle-Task: deadly-landed\nWaggle-Run: ${run}`,
    );
    gitIn(bench.home, 'checkout', '-q', 'main');
    await bench.takeOver('deadly-landed');
    await bench.commit();
    expect(await bench.ended('deadly-landed')).toMatchObject({
      state: 'closed',
      closing: { how: 'committed' },
    });
  });
});

test('a change that git cannot put into a working tree is sent back, and the lane goes on', async () => {
  const { home, place: folder, w1 } = bench;
  await bench.commit();
  const grant = await bench.add('unfit');
  const base = gitIn(home, 'rev-parse', bench.branch);
  const git = (input: string, ...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
      cwd: home,
      input,
      encoding: 'utf8',
    }).trim();
  const blob = git('hi\n', 'hash-object', '-w', '--stdin');
  const tree = git(`100644 blob ${blob}\t${'n'.repeat(300)}\n`, 'mktree');
  const head = git('long\n', 'commit-tree', '-p', base, tree);
  git('', 'update-ref', 'refs/tests/unfit', head);
  const path = join(folder.path, 'unfit.bundle');
  git('', 'bundle', 'create', '-q', path, 'refs/tests/unfit', `^${base}`);
  const bundle = await putFile(w1, project, 'w1', path);
  await mailReport(w1, 'w1', { ...about(grant), kind: 'submitted', base, head, bundle });
  const again = await bench.claim('unfit');
  expect(again.kind === 'work' && again.attachments).toMatchObject([
    { kind: 'bundle', text: expect.stringContaining('File name too long') },
  ]);
  expect(await bench.task('unfit')).toMatchObject({ losses: 1, attempts: 0 });
  await bench.submit(again, { 'a.txt': 'new\n' });
  expect(await bench.ended('unfit')).toMatchObject({ state: 'closed' });
});

test('a fence that another board left on the lane is a trouble of the lane, not a spin of grants', async () => {
  const { home, lane } = bench;
  await bench.commit();
  const ref = `refs/waggle/fence/${lane}`;
  const fence = execFileSync('git', ['hash-object', '-w', '--stdin'], {
    cwd: home,
    input: '1000000\n',
    encoding: 'utf8',
  });
  gitIn(home, 'update-ref', ref, fence.trim());
  await bench.submit(await bench.add('outrun'), { 'a.txt': 'new\n' });
  const troubles = () =>
    bench.log.lines.filter(({ message }) => message.startsWith('the lane is in trouble; its submission'));
  await until(
    'it was tried again',
    async () => troubles().length >= 2 || (await stateOf(bench.client, 'outrun')) === 'closed',
  );
  const grants = (await eventsOf(bench.client)).filter(
    (event) => event.type === 'granted' && event.task === 'outrun' && event.grant.kind === 'commit',
  );
  expect(grants.length).toBeLessThanOrEqual(3);
  // Said loudly once.
  const [first, ...others] = troubles();
  expect(first).toMatchObject({ level: 'error', fields: { err: { code: 'fence-outrun' } } });
  expect(String(first?.fields['err'])).toMatch(
    /fence ref of lane .+ stands at 1000000 in .+, this grant is \d+: another project or an earlier one commits/,
  );
  expect(others.filter(({ level }) => level === 'error')).toEqual([]);
  expect(await bench.task('outrun')).toMatchObject({ attempts: 0, losses: 0 });
  gitIn(home, 'update-ref', '-d', ref);
  expect(await bench.ended('outrun')).toMatchObject({ state: 'closed' });
});

test('a worker that starts does not end the gates of a commit of its earlier run', async () => {
  await bench.commit();
  await bench.submit(await bench.add('marked', { gates: ['VG-WAIT'] }), { 'a.txt': 'new\n' });
  const { fence, run } = await until('it is being committed', async () => {
    const { state, grant } = await bench.task('marked');
    return state === 'committing' && grant;
  });
  await until('the gate runs', async () => (await processesWith(go())).length > 0);
  // What a killed worker leaves that had worked on this run: its group is gone.
  const worker = { stateDir: join(bench.place.path, 'worker'), placeState: 'here' };
  const identity = { pid: 4_194_303, startedAt: 'never' };
  const records = await openGroupRecords(worker);
  await records.record(run, { pgid: identity.pid, identity });
  await endLeftovers(worker, { clock: systemClock, log: bench.log, graceMs: 100 });
  expect(bench.log.lines.map(({ message }) => message)).not.toContain(
    'processes of a run outlived it and were ended',
  );
  writeFileSync(go(), 'echo "marked $WAGGLE_RUN"');
  expect(await bench.ended('marked')).toMatchObject({
    state: 'closed',
    closing: { evidence: [{ gate: 'VG-WAIT', tail: `marked ${run}.commit-${fence}` }] },
  });
});

describe('a committer that leaves', () => {
  test('gives its grant back, and another goes on with it', async () => {
    await bench.commit('committer-2');
    await bench.drainCommitters();
    const leaving = await bench.hooked({ agent: 'committer', drainMs: 50 });
    await bench.submit(await bench.add('given-back', { gates: ['VG-WAIT'] }), { 'a.txt': 'new\n' });
    await until(
      'it is being committed',
      async () => (await stateOf(bench.client, 'given-back')) === 'committing',
    );
    await leaving.drain();
    expect(await bench.task('given-back')).toMatchObject({
      state: 'submitted',
      attempts: 0,
      losses: 0,
      // By its report, or, when the drain came before the grant was in its hands, by its last claim.
      last_end: { why: expect.stringMatching(/^(bounced|unlisted)$/) },
    });
    writeFileSync(go(), 'exit 0');
    await bench.commit('committer-2');
    expect(await bench.ended('given-back')).toMatchObject({ state: 'closed' });
  });

  test('killed, leaves trees and half-taken packs that its next start removes', async () => {
    const stateDir = join(bench.place.path, 'swept');
    const first = await bench.hooked({ agent: 'committer', stateDir });
    await until('the lane is open', () => bench.isOpen());
    await bench.submit(await bench.add('swept'), { 'a.txt': 'new\n' });
    await bench.ended('swept');
    await first.drain();
    const [key = ''] = readdirSync(join(stateDir, 'lanes'));
    const clone = join(stateDir, 'lanes', key, 'clone.git');
    const tree = join(stateDir, 'commits', '7', 'tree-7');
    mkdirSync(join(stateDir, 'commits', '7'), { recursive: true });
    gitIn(clone, 'worktree', 'add', '-q', '--detach', tree, gitIn(bench.home, 'rev-parse', 'HEAD'));
    mkdirSync(join(clone, 'objects', 'quarantine-abcdef'));
    const second = await bench.hooked({ agent: 'committer', stateDir });
    await until('its tree is gone', () => readdirSync(join(stateDir, 'commits')).length === 0);
    await until('its half pack is gone', () => !existsSync(join(clone, 'objects', 'quarantine-abcdef')));
    await until('git has forgotten the tree', () => !gitIn(clone, 'worktree', 'list').includes('tree-7'));
    await second.drain();
  });
});

test('a committed report from a tip that the board does not know is refused, end to end', async () => {
  await bench.commit();
  await bench.drainCommitters();
  await bench.submit(await bench.add('foreign'), { 'a.txt': 'new\n' });
  const claim = await restarts();
  const grant = await claim();
  const agent = `player-${bench.lane}`;
  const bus = await bench.hive.connect(agent);
  const [old, made] = ['a', 'b'].map((digit) => digit.repeat(40)) as [string, string];
  const lie = { lane: bench.lane, old, new: made, commit: made, subject: 'x', found: false } as const;
  await mailReport(bus, agent, { ...about(grant, 'lie'), kind: 'committed', ...lie });
  const answered = await sendClaim(
    bus,
    agent,
    claimBy(agent, {
      incarnation: `1-${bench.lane}`,
      number: 2,
      leaving: true,
      work: 'commit',
      place,
      report: { ...about(grant, 'lie-2'), kind: 'committed', ...lie },
    }),
  );
  expect(answered.report).toMatchObject({ status: 'refused', code: 'foreign-tip' });
  const { lanes } = await bench.client.query<'status'>({ v: 1, kind: 'status' });
  expect(lanes[bench.lane]?.tip).toBe(gitIn(bench.home, 'rev-parse', bench.branch));
  await bench.commit();
  expect(await bench.ended('foreign')).toMatchObject({ state: 'closed', closing: { how: 'committed' } });
});
