/**
 * dist/, built with tsc when a source differs from what it was built of. The stamp holds a digest of every
 * source, because times change with each checkout and tell nothing.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runChild } from './child.mjs';
import { SetupError, step } from './step.mjs';

const SOURCES = ['infra', 'schemas', 'services', 'shared', 'test'];

/** `built`, `faulty` (these very sources have type errors; JavaScript was written all the same) or `old`. */
export function buildState(root) {
  const stamp = stampFile(root);
  if (!existsSync(stamp)) return 'old';
  const [digest, result] = readFileSync(stamp, 'utf8').trim().split(' ');
  return digest === digestOf(root) ? result : 'old';
}

/** Builds. Throws, with the compiler's words, when there are type errors. */
export async function build(root) {
  await step('build', async () => {
    const digest = digestOf(root);
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const ended = await runChild(process.execPath, [tsc, '-p', join(root, 'tsconfig.json')], {
      cwd: root,
      env: process.env,
      quiet: true,
    });
    if (ended.signal !== undefined) throw new SetupError(`interrupted by ${ended.signal}`, ended.code);
    mkdirSync(join(root, 'dist'), { recursive: true });
    writeFileSync(stampFile(root), `${digest} ${ended.code === 0 ? 'built' : 'faulty'}\n`);
    if (ended.code !== 0) throw new SetupError(`the build has errors:\n${ended.output.trim()}`);
  });
}

function stampFile(root) {
  return join(root, 'dist', '.stamp');
}

function digestOf(root) {
  const hash = createHash('sha256');
  for (const path of sources(root))
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  return hash.digest('hex');
}

function sources(root) {
  const found = ['tsconfig.json', 'package.json', 'package-lock.json'].map((name) => join(root, name));
  for (const folder of SOURCES) {
    if (!existsSync(join(root, folder))) continue;
    for (const entry of readdirSync(join(root, folder), { recursive: true })) {
      if (entry.endsWith('.ts')) found.push(join(root, folder, entry));
    }
  }
  return found.sort();
}
