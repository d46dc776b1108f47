import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  findMailRoot,
  isOutside,
  readMailProject,
  writeMailProject,
} from '../../../../shared/config/mail-root.ts';
import { gitIn, makeRepository, temporaryFolder } from '../../../support/repository.ts';

let place: ReturnType<typeof temporaryFolder>;
let repo: string;
beforeEach(() => {
  place = temporaryFolder();
  repo = makeRepository(join(place.path, 'repo'));
  mkdirSync(join(repo, 'a', 'b'), { recursive: true });
});
afterEach(() => place.remove());

const mailIn = (...folders: string[]) => mkdirSync(join(...folders, '.fmail'), { recursive: true });

describe('the root is', () => {
  test('the folder itself where nothing else is', async () => {
    expect(await findMailRoot(place.path)).toEqual({ folder: place.path, by: 'folder' });
  });

  test('where the repository is', async () => {
    expect(await findMailRoot(join(repo, 'a', 'b'))).toEqual({ folder: repo, by: '.git', gitTop: repo });
  });

  test('the nearest .fmail/, also above the repository', async () => {
    mailIn(place.path);
    const above = await findMailRoot(join(repo, 'a', 'b'));
    expect(above).toEqual({ folder: place.path, by: '.fmail', gitTop: repo });
    expect(isOutside(above)).toBe(true);
    mailIn(repo, 'a');
    const inside = await findMailRoot(join(repo, 'a', 'b'));
    expect(inside).toEqual({ folder: join(repo, 'a'), by: '.fmail', gitTop: repo });
    expect(isOutside(inside)).toBe(false);
  });

  test('FMAIL_ROOT, taken from the folder', async () => {
    mailIn(repo);
    expect(await findMailRoot(repo, 'a')).toEqual({
      folder: join(repo, 'a'),
      by: 'FMAIL_ROOT',
      gitTop: repo,
    });
  });

  test('a file of that name is no folder of the mail tool', async () => {
    writeFileSync(join(repo, 'a', '.fmail'), '');
    expect(await findMailRoot(join(repo, 'a'))).toMatchObject({ folder: repo });
  });

  test('the main working tree of a linked one', async () => {
    const linked = join(place.path, 'linked');
    gitIn(repo, 'worktree', 'add', '--quiet', '--detach', linked);
    mkdirSync(join(linked, 'deep'));
    expect(await findMailRoot(join(linked, 'deep'))).toEqual({ folder: repo, by: '.git', gitTop: linked });
  });

  test('the repository itself for the working trees of a bare one', async () => {
    const bare = join(place.path, 'tool.git');
    gitIn(place.path, 'clone', '--quiet', '--bare', repo, bare);
    const linked = join(place.path, 'linked');
    gitIn(bare, 'worktree', 'add', '--quiet', '--detach', linked);
    expect(await findMailRoot(linked)).toEqual({ folder: bare, by: '.git', gitTop: linked });
  });

  test("a submodule's own folder", async () => {
    gitIn(repo, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', repo, 'sub');
    expect(await findMailRoot(join(repo, 'sub'))).toMatchObject({ folder: join(repo, 'sub') });
  });
});

describe('the project file', () => {
  const file = () => join(repo, '.fmail', 'project.json');

  test('is written once, as the mail tool writes it', async () => {
    expect(await readMailProject(repo)).toBeUndefined();
    await writeMailProject(repo, 'demo', Date.UTC(2026, 1, 9, 11));
    const text = '{\n  "id": "demo",\n  "created": "2026-02-09T11:00:00Z"\n}\n';
    expect(readFileSync(file(), 'utf8')).toBe(text);
    await writeMailProject(repo, 'demo', Date.UTC(2027, 1, 9));
    expect(readFileSync(file(), 'utf8')).toBe(text);
    expect(await readMailProject(repo)).toEqual({ id: 'demo', path: file() });
    await writeMailProject(repo, 'other', 0);
    expect(await readMailProject(repo)).toMatchObject({ id: 'other' });
  });

  test.each([
    ['{', 'not JSON'],
    ['null', 'id: expected'],
    ['{"id":7}', 'found 7'],
    ['{"id":"a_b"}', 'found "a_b"'],
  ])('that holds %j is named, with what mends it, and can be written anew', async (text, fault) => {
    mailIn(repo);
    writeFileSync(file(), text);
    const failure = await readMailProject(repo).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'config-invalid', message: expect.stringContaining(fault) });
    expect(String(failure)).toContain('`fmail init --project <name>` writes it anew');
    await writeMailProject(repo, 'demo', 0);
    expect(await readMailProject(repo)).toMatchObject({ id: 'demo' });
  });
});
