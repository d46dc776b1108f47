import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createBundle,
  parseBundleHeader,
  readBundleHeader,
  verifyBundle,
} from '../../../../shared/git/bundle.ts';
import { type Imported, importBundle } from '../../../../shared/git/bundle-import.ts';
import { openCommitClone } from '../../../../shared/git/commit-clone.ts';
import { fetchLane, openMirror } from '../../../../shared/git/mirror.ts';
import { openPathHome } from '../../../../shared/git/path-home.ts';
import { hasCommit } from '../../../../shared/git/repository.ts';
import { addWorktree } from '../../../../shared/git/worktree.ts';
import { commitFiles, gitIn, makeRepository, temporaryFolder } from '../../../support/repository.ts';

describe('bundles', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let home: string;
  let tree: string;
  let base: string;
  let file: string;
  let clone: string;
  beforeEach(async () => {
    folder = temporaryFolder();
    home = makeRepository(`${folder.path}/home`, { 'a.txt': 'a\n' });
    commitFiles(home, { 'b.txt': 'b\n' });
    const mirror = await openMirror({ dir: `${folder.path}/mirror.git`, home });
    base = await fetchLane(mirror, { branch: 'waggle/main' });
    tree = `${folder.path}/tree`;
    await addWorktree(mirror.gitDir, { dir: tree, commit: base });
    file = `${folder.path}/a change.bundle`;
    const opened = await openPathHome(home);
    clone = (await openCommitClone({ dir: `${folder.path}/clone.git`, home: opened })).gitDir;
  });
  afterEach(() => folder.remove());

  const objects = () => gitIn(clone, 'count-objects', '-v');
  const take = (head: string, from = base) => importBundle(clone, file, { base: from, head });
  const refusal = (detail: RegExp): Imported => ({
    status: 'damaged',
    detail: expect.stringMatching(detail) as string,
  });

  /** A change in the worker's tree, bundled. */
  async function bundled(files: Record<string, string | Uint8Array>): Promise<string> {
    const head = commitFiles(tree, files);
    await createBundle(tree, { base, head, file });
    return head;
  }

  it('hold exactly base..head, and leave no ref behind', async () => {
    const head = await bundled({ 'c.txt': 'c\n' });
    expect(await readBundleHeader(file)).toMatchObject({
      prerequisites: [base],
      heads: [{ commit: head, ref: expect.stringMatching(/^refs\/waggle\/bundle\//) }],
    });
    expect(gitIn(tree, 'for-each-ref', 'refs/waggle/bundle')).toBe('');
    expect(await verifyBundle(clone, file)).toBe(true);
  });

  it('are taken in whole, without a trace but the objects', async () => {
    const middle = commitFiles(tree, { 'c.txt': 'c\n' });
    const head = await bundled({ 'd.txt': 'd\n' });
    expect(await take(head)).toEqual({ status: 'ok' });
    expect(await take(head)).toEqual({ status: 'ok' });
    expect(gitIn(clone, 'rev-list', `${base}..${head}`)).toBe(`${head}\n${middle}`);
    expect(gitIn(clone, 'for-each-ref')).toBe('');
    expect(gitIn(home, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  it('are refused truncated, at any length, and nothing of them stays', async () => {
    const head = await bundled({ 'big.bin': new Uint8Array(5_000).map((_, i) => (i * 7919) % 251) });
    const { length } = readFileSync(file);
    const before = objects();
    for (const size of [0, 10, 100, length >> 1, length - 1]) {
      truncateSync(file, Math.min(size, length));
      expect((await take(head)).status).toBe('damaged');
      await createBundle(tree, { base, head, file });
    }
    expect(objects()).toBe(before);
    expect(await hasCommit({ gitDir: clone }, head)).toBe(false);
  });

  it('are refused with one flipped byte', async () => {
    const head = await bundled({ 'c.txt': 'c\n'.repeat(100) });
    const bytes = readFileSync(file);
    const at = bytes.length - 40;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
    expect(await take(head)).toEqual(refusal(/git cannot read it/));
  });

  it('are refused when they are something else', async () => {
    writeFileSync(file, 'not a bundle\n\n');
    expect(await take(base)).toEqual(refusal(/not a git bundle/));
  });

  it('are refused with another head than named, or several', async () => {
    const head = await bundled({ 'c.txt': 'c\n' });
    expect(await take('ab'.repeat(20))).toEqual(refusal(/its head is .*, expected abab/));
    gitIn(tree, 'branch', 'one', head);
    gitIn(tree, 'branch', 'two', head);
    gitIn(tree, 'bundle', 'create', '--quiet', file, 'one', 'two', `^${base}`);
    expect(await take(head)).toEqual(refusal(/2 heads/));
  });

  it('are refused when they build on what the base does not contain', async () => {
    const older = gitIn(tree, 'rev-parse', `${base}~1`);
    const head = await bundled({ 'c.txt': 'c\n' });
    expect(await take(head, older)).toEqual(refusal(/builds on .* does not contain/));
    expect(await take(head, 'cd'.repeat(20))).toEqual(refusal(/base cdcd.* is not in the lane/));
  });

  it('are refused when the head does not descend from the base', async () => {
    gitIn(tree, 'checkout', '--quiet', '--detach', `${base}~1`);
    const head = commitFiles(tree, { 'x.txt': 'x\n' });
    await createBundle(tree, { base: `${base}~1`, head, file });
    expect(await take(head)).toEqual(refusal(/does not descend/));
  });

  it('are refused with objects that fsck objects to', async () => {
    const blob = gitIn(tree, 'rev-parse', 'HEAD:a.txt');
    const evil = `${folder.path}/tree-object`;
    writeFileSync(evil, Buffer.concat([Buffer.from('100644 .git\0'), Buffer.from(blob, 'hex')]));
    const oid = gitIn(tree, 'hash-object', '-w', '-t', 'tree', '--literally', evil);
    const head = gitIn(tree, 'commit-tree', '-p', base, '-m', 'evil', oid);
    await createBundle(tree, { base, head, file });
    expect(await take(head)).toEqual(refusal(/hasDotgit/));
    expect(await hasCommit({ gitDir: clone }, head)).toBe(false);
  });

  it('may carry a submodule entry as data', async () => {
    gitIn(tree, 'update-index', '--add', '--cacheinfo', `160000,${'12'.repeat(20)},sub`);
    gitIn(tree, 'commit', '--quiet', '--no-verify', '-m', 'sub');
    const head = gitIn(tree, 'rev-parse', 'HEAD');
    await createBundle(tree, { base, head, file });
    expect(await take(head)).toEqual({ status: 'ok' });
  });

  it('have headers that are read strictly', () => {
    const id = 'a'.repeat(40);
    expect(parseBundleHeader(`# v3 git bundle\n@object-format=sha1\n-${id} why\n${id} refs/x y`)).toEqual({
      prerequisites: [id],
      heads: [{ commit: id, ref: 'refs/x y' }],
      capabilities: ['object-format=sha1'],
    });
    expect(parseBundleHeader('# v9 git bundle')).toBeUndefined();
    expect(parseBundleHeader('# v2 git bundle\nrubbish')).toBeUndefined();
  });
});
