/**
 * Project identity with real repositories, clones and working trees.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findConfig } from '../../../../shared/config/config-place.ts';
import { readEnvironment } from '../../../../shared/config/environment.ts';
import { writeMailProject } from '../../../../shared/config/mail-root.ts';
import { guessedProject, namedProject, otherProjects } from '../../../../shared/service/project-names.ts';
import { gitIn, makeRepository, temporaryFolder } from '../../../support/repository.ts';

let place: ReturnType<typeof temporaryFolder>;
let repo: string;
const at = (...path: string[]) => join(place.path, ...path);
beforeEach(() => {
  place = temporaryFolder();
  repo = makeRepository(at('tool'));
});
afterEach(() => place.remove());

const guess = async (folder: string) => (await guessedProject(folder)).name;
const setRemote = (url: string, name = 'origin') => gitIn(repo, 'remote', 'add', name, url);
const clone = (from: string, to: string, ...flags: string[]) => {
  gitIn(place.path, 'clone', '--quiet', ...flags, from, at(to));
  return at(to);
};

describe('without a name, a repository gives one id to', () => {
  test('its ssh, scp-like and https clones, wherever they lie', async () => {
    const ids = new Set<string>();
    const urls = [
      'ssh://git@host.test:2222/acme/tool.git',
      'git@host.test:acme/tool.git',
      'https://ann@Host.test/acme/tool/',
    ];
    for (const [index, url] of urls.entries()) {
      const folder = clone(repo, `clone-${index}`);
      gitIn(folder, 'remote', 'set-url', 'origin', url);
      ids.add(await guess(folder));
    }
    expect([...ids]).toEqual([expect.stringMatching(/^tool-[0-9a-f]{6}$/)]);
  });

  test('its working trees, folders and clones of clones', async () => {
    setRemote('git@host.test:acme/tool.git');
    const linked = at('linked');
    gitIn(repo, 'worktree', 'add', '--quiet', '--detach', linked);
    mkdirSync(join(linked, 'deep'));
    const first = clone(repo, 'first');
    const second = clone(`file://${first}`, 'second');
    const bare = clone(repo, 'bare.git', '--bare');
    const fromBare = clone(bare, 'from-bare');
    const ids = await Promise.all(
      [repo, linked, join(linked, 'deep'), first, second, bare, fromBare].map(guess),
    );
    expect(new Set(ids)).toEqual(new Set([ids[0]]));
    expect(ids[0]).toMatch(/^tool-/);
  });

  test('clones of a bare repository on this machine, and to no other of that name', async () => {
    const one = clone(repo, 'one/hub.git', '--bare');
    const other = clone(repo, 'other/hub.git', '--bare');
    for (const hub of [one, other]) gitIn(hub, 'remote', 'remove', 'origin');
    const ids = await Promise.all([one, clone(one, 'a'), clone(one, 'b'), other].map(guess));
    expect(ids[0]).toMatch(/^hub-[0-9a-f]{6}$/);
    expect(ids.slice(1, 3)).toEqual([ids[0], ids[0]]);
    expect(ids[3]).not.toBe(ids[0]);
  });

  test('clones of one that has no remote: the name of its folder', async () => {
    const linked = at('linked');
    gitIn(repo, 'worktree', 'add', '--quiet', '--detach', linked);
    expect(await Promise.all([repo, linked, clone(repo, 'elsewhere')].map(guess))).toEqual([
      'tool',
      'tool',
      'tool',
    ]);
  });
});

test('two repositories whose last part is the same have two ids', async () => {
  setRemote('git@host.test:acme/tool.git');
  const other = makeRepository(at('other'));
  gitIn(other, 'remote', 'add', 'origin', 'git@host.test:umbrella/tool.git');
  const [one, two] = await Promise.all([guess(repo), guess(other)]);
  expect([one, two]).toEqual([expect.stringMatching(/^tool-/), expect.stringMatching(/^tool-/)]);
  expect(one).not.toBe(two);
});

test('the only remote counts, and of several origin alone', async () => {
  setRemote('git@host.test:acme/tool.git', 'upstream');
  const only = await guess(repo);
  setRemote('git@host.test:fork/tool.git', 'mine');
  expect(await guess(repo)).toBe('tool');
  setRemote('git@host.test:acme/tool.git');
  expect(await guess(repo)).toBe(only);
});

test('a clone whose origin is gone goes by what its remote says', async () => {
  const folder = clone(repo, 'clone');
  renameSync(repo, at('moved'));
  expect(await guess(folder)).toMatch(/^tool-[0-9a-f]{6}$/);
});

test('a folder that is no repository goes by its name', async () => {
  mkdirSync(at('My Notes'));
  expect(await guessedProject(at('My Notes'))).toEqual({
    name: 'my-notes',
    source: 'folder',
    from: `folder ${at('My Notes')}`,
  });
});

describe('a name that is given', () => {
  const places = async (folder: string, variables: Record<string, string> = {}) => ({
    folder,
    environment: readEnvironment(variables),
    configPath: await findConfig(folder),
    bus: { source: '/b/.waggle/bus.json', project: 'of-bus' },
  });
  const name = async (folder: string, variables?: Record<string, string>) =>
    (await namedProject(await places(folder, variables)))?.name;
  const configure = (text: string) => writeFileSync(join(repo, 'waggle.yaml'), text);

  test('by the environment, waggle.yaml, .fmail/project.json and the bus counts in this order', async () => {
    expect(await name(repo)).toBe('of-bus');
    await writeMailProject(repo, 'of-file', 0);
    expect(await name(repo)).toBe('of-file');
    await writeMailProject(repo, 'demo', 0);
    configure('project: demo\n');
    expect(await name(repo)).toBe('demo');
    configure('{"project": "demo"}\n');
    expect(await name(repo)).toBe('demo');
    expect(await name(repo, { FMAIL_PROJECT: 'wanted' })).toBe('wanted');
    expect(await name(repo, { FMAIL_PROJECT: 'wanted', WAGGLE_PROJECT: 'Wanted' })).toBe('wanted');
  });

  test('twice and not alike is a mismatch, in files and in the environment', async () => {
    configure('project: demo\n');
    await writeMailProject(repo, 'of-file', 0);
    await expect(name(repo)).rejects.toMatchObject({
      code: 'project-mismatch',
      message: expect.stringContaining(
        `demo (${join(repo, 'waggle.yaml')}) and of-file (${join(repo, '.fmail/project.json')})`,
      ),
    });
    expect(await name(repo, { FMAIL_PROJECT: 'wanted' })).toBe('wanted');
    expect(() => readEnvironment({ FMAIL_PROJECT: 'one', WAGGLE_PROJECT: 'two' })).toThrow(
      'two projects are named: two (WAGGLE_PROJECT) and one (FMAIL_PROJECT); `unset FMAIL_PROJECT` keeps two',
    );
  });

  test('is seen in a linked working tree, where the file lies in the main one', async () => {
    const linked = at('linked');
    configure('project: demo\n');
    gitIn(repo, 'add', 'waggle.yaml');
    gitIn(repo, 'commit', '--quiet', '-m', 'configured');
    gitIn(repo, 'worktree', 'add', '--quiet', '--detach', linked);
    await writeMailProject(repo, 'of-file', 0);
    await expect(name(linked)).rejects.toMatchObject({ code: 'project-mismatch' });
    await writeMailProject(repo, 'demo', 0);
    expect(await name(linked)).toBe('demo');
  });

  test("by a home folder's file is not asked where the repository has a waggle.yaml", async () => {
    await writeMailProject(place.path, 'of-home', 0);
    expect(await name(repo)).toBe('of-home');
    configure('project: demo\n');
    expect(await name(repo)).toBe('demo');
  });

  test('leaves the others to be looked at when nobody answers', async () => {
    setRemote('git@host.test:acme/tool.git');
    configure('project: demo\n');
    await writeMailProject(repo, 'demo', 0);
    const all = await places(repo, { FMAIL_PROJECT: 'wanted' });
    const others = await otherProjects(all, (await namedProject(all))!);
    expect(others.map(({ name: one, source }) => [one.replace(/-\w{6}$/, '-MARK'), source])).toEqual([
      ['demo', 'config'],
      ['of-bus', 'bus'],
      ['tool-MARK', 'remote'],
    ]);
  });
});
