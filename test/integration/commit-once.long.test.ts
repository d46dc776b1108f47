import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Command, CommitGrant, Report } from '../../schemas/index.ts';
import { runCommit } from '../../services/committer/commit-run.ts';
import { LaneBook } from '../../services/committer/lane-book.ts';
import { LaneDesk } from '../../services/committer/lane-desk.ts';
import { HeldGrant } from '../../shared/agent/held-grant.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import { claimBy, grantOf, sendClaim, stateOf, until } from '../support/asking.ts';
import { useLaneBench } from '../support/lane-bench.ts';
import { project } from '../support/orchestrator.ts';
import { gitIn } from '../support/repository.ts';

const bench = useLaneBench();

test('two committers on one lane make one commit of each task', async () => {
  await bench.commit('committer', 'committer-2');
  const ids = Array.from({ length: 6 }, (_, n) => `pair-${n}`);
  for (const id of ids) await bench.submit(await bench.add(id), { [`${id}.txt`]: 'x\n' });
  for (const id of ids) expect(await bench.ended(id)).toMatchObject({ state: 'closed', attempts: 0 });
  expect(bench.subjects().toSorted()).toEqual(ids.map((id) => `chore: Task ${id}`));
  const { lanes } = await bench.client.query<'status'>({ v: 1, kind: 'status' });
  expect(lanes[bench.lane]).toEqual({ commits: 6, tip: gitIn(bench.home, 'rev-parse', bench.branch) });
});

describe('a committer that dies', () => {
  /** Claims the next submission as a committer whose process the test plays. */
  async function claimCommit(bus: Bus): Promise<CommitGrant> {
    const asked = claimBy('committer-2', { ...bench.fresh(), work: 'commit', wait_ms: 5_000 });
    const grant = grantOf(await sendClaim(bus, 'committer-2', asked));
    if (grant.kind !== 'commit') throw new Error('expected a commit grant');
    return grant;
  }

  /** Commits as it does, and gives what it would report. */
  function runTo(bus: Bus, grant: CommitGrant): Promise<Report | undefined> {
    const stateDir = join(bench.place.path, `committer-2-${grant.fence}`);
    const options = {
      swarm: bus,
      project,
      agent: 'committer-2',
      stateDir,
      desk: new LaneDesk(stateDir),
      book: new LaneBook(systemClock),
      environment: process.env,
      clock: systemClock,
      randomId,
      log: silentLog,
    };
    return runCommit(options, new HeldGrant(grant), grant);
  }

  test('between landing and reporting is looked up: found, one commit, whatever was asked meanwhile', async () => {
    await bench.commit();
    await bench.drainCommitters();
    await bench.submit(await bench.add('found'), { 'a.txt': 'new\n' });
    const bus = await bench.hive.connect('committer-2');
    const grant = await claimCommit(bus);
    const report = await runTo(bus, grant);
    expect(report).toMatchObject({ kind: 'committed', found: false });
    const cancel = await bench.client.command({ v: 1, kind: 'cancel', id: 'cancel-found', task: 'found' });
    expect(cancel.tasks).toMatchObject([{ state: 'committing', deferred: true }]);
    await bench.takeOver(grant.task);
    await bench.commit();
    expect(await bench.ended('found')).toMatchObject({
      state: 'closed',
      closing: { how: 'committed', by: 'w1', commit: gitIn(bench.home, 'rev-parse', bench.branch) },
    });
    expect(await bench.landings('found')).toMatchObject([{ found: true, by: 'committer' }]);
    expect(bench.subjects()).toEqual(['chore: Task found']);
    // The dead one wakes up and reports after all.
    if (report === undefined) throw new Error('no report');
    const late = claimBy('committer-2', { ...bench.fresh(), work: 'commit', report });
    expect((await sendClaim(bus, 'committer-2', late)).report).toMatchObject({ code: 'fenced' });
  });

  test('before its work lands nothing when it wakes up after its successor', async () => {
    await bench.commit();
    await bench.drainCommitters();
    await bench.submit(await bench.add('outrun'), { 'a.txt': 'new\n' });
    const bus = await bench.hive.connect('committer-2');
    const grant = await claimCommit(bus);
    await bench.takeOver(grant.task);
    await bench.commit();
    expect(await bench.ended('outrun')).toMatchObject({ state: 'closed' });
    expect(await runTo(bus, grant)).toBeUndefined();
    expect(bench.subjects()).toEqual(['chore: Task outrun']);
  });
});

describe('what an operator asks for while a committer is at work', () => {
  const go = () => join(bench.place.path, 'go');
  afterEach(() => rmSync(go(), { force: true }));
  const wish = (kind: 'cancel' | 'close' | 'retry', id: string): Command =>
    kind === 'close'
      ? { v: 1, kind, id: `${kind}-${id}`, task: id, no_change: true }
      : { v: 1, kind, id: `${kind}-${id}`, task: id };

  test.each([
    ['cancel', 'green', { state: 'cancelled' }, 0],
    ['cancel', 'red', { state: 'cancelled' }, 0],
    ['close', 'red', { state: 'closed', closing: { how: 'operator' } }, 0],
    ['retry', 'red', { state: 'open', attempts: 0 }, 0],
  ] as const)(
    '%s waits for the word; with a %s gate the task tells the truth of the branch',
    async (...row) => {
      const [kind, colour, expected, commits] = row;
      const { client } = bench;
      await bench.commit();
      const id = `${kind}-${colour}`;
      await bench.submit(await bench.add(id, { gates: ['VG-WAIT'] }), { 'a.txt': 'new\n' });
      await until('it is being committed', async () => (await stateOf(client, id)) === 'committing');
      const answer = await client.command(wish(kind, id));
      expect(answer).toMatchObject({ status: 'ok', tasks: [{ state: 'committing', deferred: true }] });
      writeFileSync(go(), colour === 'green' ? 'exit 0' : 'exit 1');
      const ended = await until('the committer has spoken', async () => {
        const now = await bench.task(id);
        return now.state !== 'committing' && now;
      });
      expect(ended).toMatchObject(expected);
      expect(bench.subjects()).toHaveLength(commits);
      if (ended.state === 'open') await client.command(wish('cancel', id));
    },
  );
});
