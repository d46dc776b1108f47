/**
 * The npm packages of the checkout: installed with `npm ci` when they are missing or not those of the lock file,
 * left alone otherwise.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runChild } from './child.mjs';
import { withoutFlags } from './flags.mjs';
import { SetupError, step } from './step.mjs';

const MARKER = '.waggle-install';

/** Whether what is installed is what the lock file says. */
export function arePackagesCurrent(root) {
  const lock = readIfThere(join(root, 'package-lock.json'));
  if (lock === undefined) throw new SetupError('package-lock.json is missing: this is no whole checkout');
  const marker = join(root, 'node_modules', MARKER);
  if (readIfThere(marker) === digest(lock)) return true;
  // Somebody may have installed by hand: npm keeps its own list of what stands in node_modules.
  const installed = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined || !holdsAll(JSON.parse(installed), JSON.parse(lock))) return false;
  writeFileSync(marker, digest(lock));
  return true;
}

export async function installPackages(root) {
  await step('npm packages', async () => {
    let ended = await npm(root, ['ci']);
    // A lock file made where some platform's packages could not be seen is refused as a whole. It still says which
    // versions are meant, and this takes them from it and leaves it as it is.
    if (ended.code !== 0 && ended.output.includes('EUSAGE')) {
      process.stderr.write('waggle: package-lock.json does not list every package; trying npm install\n');
      ended = await npm(root, ['install', '--no-save']);
    }
    if (ended.signal !== undefined) throw new SetupError(`interrupted by ${ended.signal}`, ended.code);
    if (ended.code !== 0) throw new SetupError(`npm failed (${ended.code}):\n${ended.output.trim()}`);
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
    writeFileSync(join(root, 'node_modules', MARKER), digest(lock));
  });
}

async function npm(root, command) {
  // Scripts stay off: nothing here needs one, and our own `prepare` would build before we do.
  const args = ['--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const [program, ...first] = npmCommand();
  const options = { cwd: root, env: withoutFlags(process.env), quiet: true };
  return await runChild(program, [...first, ...command, ...args], options).catch((error) => {
    throw new SetupError(`npm cannot run: ${error.message}`);
  });
}

function npmCommand() {
  const path = process.env.npm_execpath;
  const isNpm = path !== undefined && basename(path).startsWith('npm-cli');
  return isNpm ? [process.execPath, path] : ['npm'];
}

/** Optional packages are for other systems; they may be missing, but not wrong. */
function holdsAll(installed, lock) {
  return Object.entries(lock.packages ?? {}).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed.packages?.[path];
    if (found === undefined)
      return wanted.optional === true || wanted.devOptional === true || wanted.peer === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

function digest(text) {
  return createHash('sha256').update(text).digest('hex');
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
