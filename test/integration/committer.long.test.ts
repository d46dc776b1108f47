import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { putFile } from '../../shared/bus/files.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import type { Granted } from '../support/asking.ts';
import { stateOf, until } from '../support/asking.ts';
import { useLaneBench } from '../support/lane-bench.ts';
import { project } from '../support/orchestrator.ts';
import { commitFiles, footprint, gitIn, makeBare } from '../support/repository.ts';

const bench = useLaneBench();
const notes = (grant: Granted) => (grant.kind === 'work' ? grant.attachments : []);

describe('a bounce', () => {
  test('a red gate sends the task back with its output, counts, and fails it past the bound', async () => {
    await bench.commit();
    const first = await bench.add('red', { gates: ['VG-GREEN', 'VG-RED'], max_attempts: 2 });
    await bench.submit(first, { 'a.txt': 'new\n' });
    const second = await bench.claim('red');
    expect(second).toMatchObject({ attempt: 2 });
    expect(notes(second)).toMatchObject([
      { kind: 'gate', text: expect.stringMatching(/VG-RED\nit is broken/) },
    ]);
    await bench.submit(second, { 'a.txt': 'newer\n' });
    expect(await bench.ended('red')).toMatchObject({ state: 'failed', attempts: 2 });
    expect(bench.subjects()).toEqual([]);
  });

  test('a change that the lane holds already', async () => {
    await bench.commit();
    const [one, two] = [await bench.add('same-1'), await bench.add('same-2', { max_attempts: 1 })];
    await bench.submit(one, { 'a.txt': 'new\n' });
    await bench.submit(two, { 'a.txt': 'new\n' });
    expect(await bench.ended('same-1')).toMatchObject({ state: 'closed' });
    expect(await bench.ended('same-2')).toMatchObject({
      state: 'failed',
      last_outcome: 'no_change',
      blocked_reason: expect.stringMatching(/the lane holds this change already/),
    });
  });

  test('a bundle that is not stored, and one that is damaged: the task is open again, with the reason', async () => {
    await bench.commit();
    const first = await bench.add('missing');
    await bench.submit(first, { 'a.txt': 'new\n' }, (ref) => ({ ...ref, sha256: 'f'.repeat(64) }));
    const second = await bench.claim('missing');
    expect(notes(second)).toMatchObject([{ kind: 'bundle', text: expect.stringMatching(/is not stored/) }]);
    await bench.submit(second, { 'a.txt': 'newer\n' }, async (ref) => {
      // Stored before the committer hears of it.
      await bench.w1.append(subjectsOf(project).file('w1', ref.sha256, 0), Buffer.from('other bytes'));
      return ref;
    });
    const third = await bench.claim('missing');
    expect(notes(third)[1]?.text).toMatch(/is damaged: its content hashes to/);
    expect(await bench.task('missing')).toMatchObject({ losses: 2, attempts: 0 });
    await bench.submit(third, { 'a.txt': 'newest\n' });
    expect(await bench.ended('missing')).toMatchObject({ state: 'closed' });
    expect(gitIn(bench.home, 'show', `${bench.branch}:a.txt`)).toBe('newest');
  });

  test('a bundle that git refuses', async () => {
    await bench.commit();
    const grant = await bench.add('garbage');
    const path = join(bench.place.path, 'garbage.bundle');
    writeFileSync(path, '# v2 git bundle\nnonsense');
    const garbage = await putFile(bench.w1, project, 'w1', path);
    await bench.submit(grant, { 'a.txt': 'new\n' }, () => garbage);
    const again = await bench.claim('garbage');
    expect(notes(again)).toMatchObject([{ kind: 'bundle' }]);
    await bench.client.command({ v: 1, kind: 'cancel', id: 'cancel-garbage', task: 'garbage' });
  });
});

describe('a branch in other hands', () => {
  test('moved by somebody else holds the lane and says so; adopting the tip lets it go on', async () => {
    const { home, branch, client, lane } = bench;
    await bench.commit();
    const grant = await bench.add('moved');
    await bench.submit(grant, { 'a.txt': 'new\n' }, (ref) => {
      gitIn(home, 'checkout', '-q', branch);
      commitFiles(home, { 'b.txt': 'by hand\n' }, 'by hand');
      gitIn(home, 'checkout', '-q', 'main');
      return ref;
    });
    const held = await until('the lane is held', async () => {
      const { reasons } = await client.query<'explain'>({ v: 1, kind: 'explain', id: 'moved' });
      return reasons[0]?.rule === 'lane-held' && reasons[0];
    });
    const tip = gitIn(home, 'rev-parse', branch);
    expect(held.message).toContain(`found ${tip}`);
    const adopt = await client.command({ v: 1, kind: 'lane_adopt', id: 'adopt', lane, tip });
    expect(adopt.message ?? adopt.status).toBe('ok');
    expect(await bench.ended('moved')).toMatchObject({ state: 'closed' });
    expect(bench.subjects()).toEqual(['by hand', 'chore: Task moved']);
  });

  test("checked out in a person's tree: the lane waits with a clear word, before it opens and at a commit", async () => {
    const { home, branch, lane, log } = bench;
    gitIn(home, 'checkout', '-q', '-b', branch);
    await bench.beginCommitter();
    const warning = await until('the log says so', () =>
      log.lines.find(({ level, message }) => level === 'warn' && message === 'the lane is not open yet'),
    );
    const words = `branch ${branch} is checked out in ${home}`;
    expect(warning.fields).toMatchObject({ lane, reason: expect.stringContaining(words) });
    expect(await bench.isOpen()).toBe(false);
    gitIn(home, 'checkout', '-q', 'main');
    await until('the lane is open', () => bench.isOpen());
    const grant = await bench.add('busy');
    gitIn(home, 'checkout', '-q', branch);
    await bench.submit(grant, { 'a.txt': 'new\n' });
    await until('the log says so', () =>
      log.lines.some(({ fields }) => String(fields['err']).includes(words)),
    );
    await until('it is given back', async () => (await stateOf(bench.client, 'busy')) === 'submitted');
    gitIn(home, 'checkout', '-q', 'main');
    expect(await bench.ended('busy')).toMatchObject({ state: 'closed' });
  });

  test('a home that is no repository keeps the committer from none of its other lanes', async () => {
    await bench.configure(bench.home, { 'a-bad-lane': join(bench.place.path, 'nothing-there') });
    await bench.commit();
    const warning = await until('the log says so', () =>
      bench.log.lines.find(({ level, fields }) => level === 'warn' && fields['lane'] === 'a-bad-lane'),
    );
    expect(warning.fields).toMatchObject({ reason: expect.stringContaining('is not a git repository') });
    const grant = await bench.add('elsewhere');
    await bench.submit(grant, { 'a.txt': 'new\n' });
    expect(await bench.ended('elsewhere')).toMatchObject({ state: 'closed' });
  });
});

describe('homes', () => {
  test.each(['dirty', 'detached', 'bare'])('a %s one is served and nobody finds it touched', async (kind) => {
    if (kind === 'bare') {
      bench.home = makeBare(bench.home, join(bench.place.path, `${bench.lane}.git`));
      await bench.configure(bench.home);
    }
    const { home } = bench;
    if (kind === 'detached') gitIn(home, 'checkout', '-q', '--detach');
    if (kind === 'dirty') {
      writeFileSync(join(home, 'a.txt'), 'half\n');
      writeFileSync(join(home, 'untracked'), 'x\n');
      writeFileSync(join(home, 'b.txt'), 'staged\n');
      gitIn(home, 'add', 'b.txt');
    }
    const before = footprint(home);
    await bench.commit();
    const id = `home-${kind}`;
    await bench.submit(await bench.add(id), { 'a.txt': 'new\n' });
    expect(await bench.ended(id)).toMatchObject({ state: 'closed' });
    expect(gitIn(home, 'show', `${bench.branch}:a.txt`)).toBe('new');
    expect(footprint(home)).toBe(before);
  });

  test('a URL is fetched from and pushed to, from task to commit', async () => {
    const { client, lane } = bench;
    bench.home = makeBare(bench.home, join(bench.place.path, `${lane}.git`));
    await bench.configure(`file://${bench.home}`);
    await bench.commit();
    await bench.worker(`w-${lane}`, ['sh', '-c', 'echo brand new > a.txt']);
    const add = (id: string) =>
      client.command({ v: 1, kind: 'add', id, tasks: [{ id, title: id, lane, expects: 'any' }] });
    await add('url-1');
    expect(await bench.ended('url-1')).toMatchObject({ state: 'closed', closing: { how: 'committed' } });
    expect(gitIn(bench.home, 'show', `${bench.branch}:a.txt`)).toBe('brand new');
    // The next run starts from what was pushed: the same change is none.
    await add('url-2');
    expect(await bench.ended('url-2')).toMatchObject({ state: 'closed', last_outcome: 'no_change' });
    expect(bench.subjects()).toEqual(['chore: url-1']);
  });
});
