/**
 * Hooks that are configured instead of lying in a folder (`hook.<name>.command`, git 2.54 and newer), which
 * `core.hooksPath` doesn't turn off. Owns finding them and the flags that do.
 */

/** Subcommands of ours that may start a hook. */
const startsHooks = new Set(['update-ref', 'fetch', 'push', 'worktree', 'cherry-pick']);

/** Runs git at the place in question and gives its standard output; empty when there is nothing. */
export type Ask = (args: readonly string[]) => Promise<string>;

let known: Promise<boolean> | undefined;

/** Flags that turn every configured hook off for this one call. */
export async function configuredHooksOff(command: string, ask: Ask): Promise<string[]> {
  if (!startsHooks.has(command)) return [];
  known ??= ask(['--version']).then(hasConfiguredHooks, forget);
  if (!(await known)) return [];
  const names = await ask(['config', '--null', '--name-only', '--get-regexp', '^hook\\..*\\.command$']);
  return hookFlags(names);
}

function forget(error: unknown): never {
  known = undefined;
  throw error;
}

/** Whether a git that says this of its version knows configured hooks. */
export function hasConfiguredHooks(version: string): boolean {
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 54);
}

/** `names`: keys `hook.<name>.command`, each ended by NUL. */
export function hookFlags(names: string): string[] {
  const keys = new Set(names.split('\0').filter((key) => key.endsWith('.command')));
  return [...keys].flatMap((key) => ['-c', `${key.slice(0, -'.command'.length)}.enabled=false`]);
}
