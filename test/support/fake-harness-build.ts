/**
 * Compiles a test's program to plain JavaScript, so that many processes of it start fast on any Node.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Compiles `source` (a URL in this repository) and what it imports into `folder`; gives its path there. */
export async function buildProgram(source: URL, folder: string): Promise<string> {
  const file = fileURLToPath(source);
  const flags = '--ignoreConfig --noCheck --module nodenext --target es2023 --types node --skipLibCheck';
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await run(
    join(root, 'node_modules/.bin/tsc'),
    [...flags.split(' '), '--rewriteRelativeImportExtensions', '--rootDir', root, '--outDir', folder, file],
    { cwd: root },
  );
  return join(folder, relative(root, file).replace(/\.ts$/, '.js'));
}
