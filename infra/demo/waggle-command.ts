/**
 * The built `waggle` command, as a person in the project's folder would run it.
 */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { WaggleError } from '../../shared/errors.ts';
import type { Variables } from '../../shared/service/context.ts';

/** Program and first argument. */
export const waggle = [
  process.execPath,
  fileURLToPath(new URL('../../services/cli/waggle.js', import.meta.url)),
] as const;

export interface CommandPlace {
  /** Folder of the `waggle.yaml`. */
  readonly root: string;
  readonly variables: Variables;
  readonly signal: AbortSignal;
}

/** Runs one command to its end; what it printed. Errors: `check-failed` with its own words. */
export async function runWaggle(args: readonly string[], place: CommandPlace): Promise<string> {
  const { root, variables, signal } = place;
  const [program, script] = waggle;
  const ended = await execa(program, [script, ...args], {
    cwd: root,
    env: variables,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (ended.exitCode === 0) return ended.stdout;
  const words = (ended.stderr || ended.stdout || ended.shortMessage || '').trim();
  throw new WaggleError('check-failed', { message: `waggle ${args.join(' ')} failed: ${words}` });
}
