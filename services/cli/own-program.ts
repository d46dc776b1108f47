/**
 * The command line that starts `waggle` as it runs now: built, or from its sources.
 */
import { fileURLToPath } from 'node:url';

/** Node, its options and the entry script; a command's words follow. */
export function ownProgram(): [string, ...string[]] {
  const built = import.meta.url.endsWith('.js');
  const script = fileURLToPath(new URL(built ? './waggle.js' : './waggle.ts', import.meta.url));
  return [process.execPath, ...process.execArgv, script];
}
