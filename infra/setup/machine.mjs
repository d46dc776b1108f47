/**
 * What Waggle asks of a machine before anything else: system, Node and git.
 */
import { execFileSync } from 'node:child_process';
import { SetupError } from './step.mjs';

const NODE = [20, 19];
const GIT = [2, 34];

/** Throws, saying what was expected and what came. */
export function checkMachine() {
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new SetupError(`Waggle runs on Linux and macOS, not on ${process.platform}`);
  }
  if (!isAtLeast(process.versions.node, NODE)) {
    throw new SetupError(`Waggle needs Node ${NODE.join('.')} or newer; this is ${process.versions.node}`);
  }
  let git;
  try {
    git = execFileSync('git', ['--version'], { encoding: 'utf8' });
  } catch {
    throw new SetupError(`git was not found on PATH; install git ${GIT.join('.')} or newer`);
  }
  if (!isAtLeast(git, GIT)) {
    throw new SetupError(`Waggle needs git ${GIT.join('.')} or newer; this is ${git.trim()}`);
  }
}

function isAtLeast(text, [major, minor]) {
  const found = /(\d+)\.(\d+)/.exec(text);
  if (found === null) return false;
  return Number(found[1]) > major || (Number(found[1]) === major && Number(found[2]) >= minor);
}
