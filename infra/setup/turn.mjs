/**
 * One set-up at a time in a checkout: a lock file that names its holder. Whoever comes second waits.
 *
 * A holder is gone when its process is, or when it hasn't touched the file for half a minute of our watching
 * (its pid may be somebody else's by then).
 */
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TOUCH_MS = 5_000;
const FORGOTTEN_MS = 30_000;

/** Runs `work` while holding the checkout's turn. */
export async function inTurn(root, work) {
  const path = join(root, '.waggle', 'setup.lock');
  mkdirSync(dirname(path), { recursive: true });
  const own = `${process.pid} ${Date.now()}\n`;
  await take(path, own);
  const touch = setInterval(() => {
    if (read(path) === own) utimesSync(path, new Date(), new Date());
  }, TOUCH_MS);
  const release = () => {
    if (read(path) === own) rmSync(path, { force: true });
  };
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    process.removeListener('exit', release);
    release();
  }
}

async function take(path, own) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, own);
  let told = false;
  let seen;
  try {
    while (!tryLink(draft, path)) {
      const holder = read(path);
      if (holder === undefined) continue;
      const touchedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      if (seen?.holder !== holder || seen.touchedAt !== touchedAt) {
        seen = { holder, touchedAt, since: performance.now() };
      }
      const pid = Number.parseInt(holder, 10);
      if (!isAlive(pid) || performance.now() - seen.since > FORGOTTEN_MS) {
        clear(path, holder);
        continue;
      }
      if (!told) process.stderr.write(`waggle: waiting for the set-up by process ${pid} in this checkout\n`);
      told = true;
      await sleep(200);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A hard link of a finished file: the lock appears whole, or not at all. */
function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a lock whose holder is gone; somebody faster may have put a new one there, which goes back. */
function clear(path, holder) {
  const aside = `${path}.${process.pid}.aside`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (read(aside) !== holder) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
