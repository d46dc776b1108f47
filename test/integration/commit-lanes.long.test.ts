import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventsOf, stateOf, until } from '../support/asking.ts';
import { useLaneBench } from '../support/lane-bench.ts';
import { commitFiles, gitIn, makeBare, makeRepository } from '../support/repository.ts';

const bench = useLaneBench();

const commitGrants = async (id: string) =>
  (await eventsOf(bench.client)).filter(
    (event) => event.type === 'granted' && event.task === id && event.grant.kind === 'commit',
  ).length;
const troubles = (lane: string) =>
  bench.log.lines.filter(({ message, fields }) => fields['lane'] === lane && message.includes('in trouble'));

describe('lanes in trouble', () => {
  test('are given back, said, tried again with a backoff, cost their tasks nothing, and hold up no other', async () => {
    const { lane: well, place: folder } = bench;
    const names = ['away', 'url-away', 'busy', 'deaf'].map((name) => `${well}-${name}`);
    const [away = '', urlAway = '', busy = '', deaf = ''] = names;
    const user = makeRepository(join(folder.path, away), { 'a.txt': 'old\n' });
    const bare = makeBare(bench.home, join(folder.path, `${urlAway}.git`));
    const refusing = makeBare(bench.home, join(folder.path, `${deaf}.git`));
    const homes = {
      [away]: user,
      [urlAway]: `file://${bare}`,
      [busy]: bench.home,
      [deaf]: `file://${refusing}`,
    };
    await bench.configure(bench.home, homes);
    await bench.commit();
    await until('all lanes are open', async () => {
      const { lanes } = await bench.client.query<'status'>({ v: 1, kind: 'status' });
      return names.every((name) => lanes[name]?.tip !== undefined);
    });
    await bench.drainCommitters();
    for (const lane of names) {
      await bench.submit(await bench.add(lane, { lane }), { 'a.txt': 'new\n' });
      await until('it is submitted', async () => (await stateOf(bench.client, lane)) === 'submitted');
    }
    await bench.submit(await bench.add('well'), { 'b.txt': 'new\n' });
    const hit = new Set<string>();
    const hidden = (path: string) => `${path}.hidden`;
    await bench.hooked({
      agent: 'committer',
      // All lanes are open before the first is claimed, and get into trouble under the committer's hands.
      onStep(step, { task }) {
        if (step !== 'fenced' || hit.has(task)) return;
        hit.add(task);
        if (task === away) renameSync(user, hidden(user));
        if (task === urlAway) renameSync(bare, hidden(bare));
        if (task === busy) gitIn(bench.home, 'checkout', '-q', `waggle/${busy}`);
        if (task === deaf)
          writeFileSync(join(refusing, 'hooks', 'pre-receive'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
      },
    });
    expect(await bench.ended('well')).toMatchObject({ state: 'closed' });
    await until('every lane is said to be in trouble', () =>
      names.every((name) => troubles(name).length > 0),
    );
    await until('the refused one was tried again', async () => (await commitGrants(deaf)) >= 2);
    for (const lane of names) {
      expect(await commitGrants(lane), lane).toBeLessThanOrEqual(3);
      expect(await bench.task(lane)).toMatchObject({ attempts: 0, losses: 0, conflicts: 0 });
    }
    const again = await bench.add('well-2');
    await bench.submit(again, { 'c.txt': 'new\n' });
    expect(await bench.ended('well-2')).toMatchObject({ state: 'closed' });
    renameSync(hidden(user), user);
    renameSync(hidden(bare), bare);
    gitIn(bench.home, 'checkout', '-q', 'main');
    rmSync(join(refusing, 'hooks', 'pre-receive'));
    const late = await Promise.all(names.map((lane) => bench.ended(lane, 25_000)));
    expect(late.map(({ state, attempts, losses }) => [state, attempts, losses])).toEqual(
      names.map(() => ['closed', 0, 0]),
    );
    for (const [n, where] of [user, bare, bench.home, refusing].entries())
      expect(gitIn(where, 'rev-list', '--count', `main..waggle/${names[n]}`)).toBe('1');
  });

  test('a branch rewritten over a commit that was not reported: the task is told of, then the lane is held', async () => {
    await bench.commit();
    await bench.drainCommitters();
    await bench.submit(await bench.add('rewritten'), { 'a.txt': 'new\n' });
    const next = await bench.add('next');
    // Lands, and dies before it says so.
    bench.committers = { [bench.lane]: 'committer' };
    await bench.configure(bench.home);
    const died = bench.process(bench.lane, { lanes: [bench.lane] }, 'landed');
    await died.paused();
    await died.kill();
    const landed = gitIn(bench.home, 'rev-parse', bench.branch);
    gitIn(bench.home, 'checkout', '-q', bench.branch);
    gitIn(bench.home, 'reset', '-q', '--hard', 'main');
    commitFiles(bench.home, { 'c.txt': 'by hand\n' }, 'by hand');
    gitIn(bench.home, 'cherry-pick', landed);
    const rebased = gitIn(bench.home, 'rev-parse', 'HEAD');
    gitIn(bench.home, 'checkout', '-q', 'main');
    await bench.takeOver('rewritten');
    await bench.commit();
    expect(await bench.ended('rewritten')).toMatchObject({ state: 'closed', closing: { commit: rebased } });
    await bench.submit(next, { 'b.txt': 'new\n' });
    await until('the lane is held', async () => {
      const { lanes } = await bench.client.query<'status'>({ v: 1, kind: 'status' });
      return lanes[bench.lane]?.moved_to === rebased;
    });
    const adopt = { v: 1, kind: 'lane_adopt', id: 'adopt-rebased', lane: bench.lane, tip: rebased } as const;
    expect((await bench.client.command(adopt)).status).toBe('ok');
    expect(await bench.ended('next')).toMatchObject({ state: 'closed' });
    expect(bench.subjects()).toEqual(['by hand', 'chore: Task rewritten', 'chore: Task next']);
  });
});
