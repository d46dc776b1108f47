import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EventOf } from '../../schemas/index.ts';
import { putFile } from '../../shared/bus/files.ts';
import { systemClock } from '../../shared/clock.ts';
import {
  about,
  claimBy,
  eventsOf,
  type Granted,
  grantOf,
  mailReport,
  sendClaim,
  until,
} from '../support/asking.ts';
import { useLaneBench } from '../support/lane-bench.ts';
import { project } from '../support/orchestrator.ts';
import { gitIn, importCommit } from '../support/repository.ts';

const bench = useLaneBench();
const TASKS = 40;
const KILLS = 6;

async function committing() {
  const { grants } = await bench.client.query<'status'>({ v: 1, kind: 'status' });
  return grants.find(({ kind }) => kind === 'commit');
}

/** Hands in one new file for each task, all from the same base. */
async function submitAll(ids: readonly string[]): Promise<void> {
  const { client, lane, w1, place, home, branch } = bench;
  const tasks = ids.map((id) => ({ id, title: `Task ${id}`, lane }));
  expect((await client.command({ v: 1, kind: 'add', id: `add-${lane}`, tasks })).status).toBe('ok');
  const base = gitIn(home, 'rev-parse', branch);
  const clone = join(place.path, `${lane}-clone.git`);
  gitIn(place.path, 'clone', '-q', '--bare', home, clone);
  for (const _ of ids) {
    const grant: Granted = grantOf(
      await sendClaim(w1, 'w1', claimBy('w1', { ...bench.fresh(), wait_ms: 2_000 })),
    );
    const id = grant.task;
    const head = importCommit(clone, base, { name: id, content: `${id}\n` }, `work of ${id}`);
    const path = join(place.path, `${id}.bundle`);
    gitIn(clone, 'bundle', 'create', '-q', path, `refs/imported/${id}`, `^${base}`);
    const bundle = await putFile(w1, project, 'w1', path);
    await mailReport(w1, 'w1', { ...about(grant), kind: 'submitted', base, head, bundle });
  }
}

test.each(['path', 'url'] as const)(
  'two committers on one %s lane, one of them killed -9 again and again: serial, 40 tasks, 40 commits',
  async (kind) => {
    // So many deaths in a row would count against a submission that is on its way each time.
    bench.policies = { max_losses: 100 };
    const names = ['one', 'two'].map((name) => `${name}-${kind}`);
    bench.committers = Object.fromEntries(names.map((name) => [name, 'committer']));
    await bench.configure(bench.makeHome(kind));
    await bench.commit();
    await bench.drainCommitters();
    const start = gitIn(bench.home, 'rev-parse', bench.branch);
    const pair = new Map(names.map((name) => [name, bench.process(name)]));
    const ids = Array.from({ length: TASKS }, (_, n) => `${kind}-${n}`);
    await submitAll(ids);
    for (let kills = 0; kills < KILLS; kills += 1) {
      const holder = await until('one of them commits', async () => (await committing())?.agent, 20_000);
      await systemClock.sleep(randomInt(250));
      await pair.get(holder)?.kill();
      const left = await committing();
      pair.set(holder, bench.process(holder));
      // The other goes on with it, unless this one is back before anybody could believe in its death.
      if (left?.agent === holder) await bench.takeOver(left.task).catch(() => undefined);
    }
    const tasks = await until(
      'every task is closed',
      async () => {
        const { tasks: all } = await bench.client.query<'tasks'>({ v: 1, kind: 'tasks', ids, limit: 1_000 });
        return all.every(({ task }) => task.state === 'closed') && all;
      },
      60_000,
    );
    expect(tasks.map(({ task }) => [task.closing?.how, task.attempts, task.losses])).toEqual(
      ids.map(() => ['committed', 0, 0]),
    );
    expect(bench.subjects().toSorted()).toEqual(ids.map((id) => `chore: Task ${id}`).toSorted());
    const runs = gitIn(
      bench.home,
      'log',
      '--format=%(trailers:key=Waggle-Run,valueonly,separator=)',
      `main..${bench.branch}`,
    ).split('\n');
    expect(new Set(runs).size).toBe(TASKS);
    expect(await expectSerial(new Set(ids), start)).toBeGreaterThan(0);
  },
  90_000,
);

/** Never two live grants, and each commit from where the one before ended. Gives how many grants ended by a death. */
async function expectSerial(ids: ReadonlySet<string>, start: string): Promise<number> {
  let live: number | undefined;
  let tip = start;
  let deaths = 0;
  for (const event of await eventsOf(bench.client)) {
    if (!('task' in event) || typeof event.task !== 'string' || !ids.has(event.task)) continue;
    if (event.type === 'granted' && event.grant.kind === 'commit') {
      expect(live).toBeUndefined();
      live = event.grant.fence;
    }
    if (event.type === 'grant_ended' && event.end.fence === live) {
      live = undefined;
      if (['takeover', 'restarted'].includes(event.end.why)) deaths += 1;
    }
    if (event.type === 'commit_landed') {
      const { old, new: next }: EventOf<'commit_landed'> = event;
      expect(old).toBe(tip);
      tip = next;
    }
  }
  expect(tip).toBe(gitIn(bench.home, 'rev-parse', bench.branch));
  return deaths;
}
