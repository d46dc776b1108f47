/**
 * The command lines that start `waggle` and `fmail` as this one runs now: built, or from its sources.
 */
import { fileURLToPath } from 'node:url';

/** Node, its options and the entry script; a command's words follow. */
export function ownProgram(name: 'waggle' | 'fmail' = 'waggle'): [string, ...string[]] {
  const suffix = import.meta.url.endsWith('.js') ? 'js' : 'ts';
  const script = fileURLToPath(new URL(`./${name}.${suffix}`, import.meta.url));
  return [process.execPath, ...process.execArgv, script];
}
