import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { footprintOf } from '../../../../infra/demo/tree-footprint.ts';
import { inspectRepository } from '../../../../shared/git/repository.ts';
import { footprint, gitIn, makeBare, makeRepository, temporaryFolder } from '../../../support/repository.ts';

const place = temporaryFolder();
afterAll(() => place.remove());
const { signal } = new AbortController();

/** The parts that `change` changes in a dirty repository. */
async function touched(name: string, change: (home: string) => void): Promise<string[]> {
  const home = makeRepository(join(place.path, name), { 'a.txt': 'a\n', 'b.txt': 'b\n' });
  writeFileSync(join(home, 'a.txt'), 'dirty\n');
  writeFileSync(join(home, 'new.txt'), 'new\n');
  const repository = await inspectRepository(home, signal);
  const seen = footprint(home);
  const before = await footprintOf(repository, 'demo', signal);
  expect(footprint(home)).toBe(seen);
  change(home);
  const now = await footprintOf(repository, 'demo', signal);
  return Object.keys(before).filter(
    (part) => before[part as keyof typeof before] !== now[part as keyof typeof now],
  );
}

test.each<[string, (home: string) => void, string[]]>([
  ['nothing', () => undefined, []],
  [
    "the lane's own refs",
    (home) => {
      gitIn(home, 'branch', 'waggle/demo');
      gitIn(home, 'update-ref', 'refs/waggle/fence/demo', 'HEAD');
    },
    [],
  ],
  ['another branch', (home) => void gitIn(home, 'branch', 'other'), ['refs']],
  ['a clean file', (home) => writeFileSync(join(home, 'b.txt'), 'changed\n'), ['working tree']],
  [
    'a file that was dirty already',
    (home) => writeFileSync(join(home, 'a.txt'), 'dirtier\n'),
    ['working tree'],
  ],
  ['a new file', (home) => writeFileSync(join(home, 'more.txt'), ''), ['working tree']],
  ['the index', (home) => void gitIn(home, 'add', 'a.txt'), ['index', 'working tree']],
  ['the branch that is checked out', (home) => void gitIn(home, 'checkout', '--quiet', '--detach'), ['HEAD']],
])('a change of %s shows', async (name, change, parts) => {
  expect(await touched(name.replaceAll(/\W/g, '-'), change)).toEqual(parts);
});

test('a bare repository has a footprint too', async () => {
  const bare = makeBare(makeRepository(join(place.path, 'whole')), join(place.path, 'bare.git'));
  const repository = await inspectRepository(bare, signal);
  const before = await footprintOf(repository, 'demo', signal);
  gitIn(bare, 'branch', 'other');
  expect(await footprintOf(repository, 'demo', signal)).not.toEqual(before);
});
