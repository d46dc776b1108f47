/**
 * `fmail completion`: a script that teaches a shell the command table.
 */
import { WaggleError } from '../../../../shared/errors.ts';
import type { RunCommand } from '../command-row.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export const run: RunCommand = async ({ session, args, table }) => {
  const shell = args[0] ?? '';
  if (!isKnown(shell)) {
    const message = `expected bash, zsh or fish, got ${JSON.stringify(shell)}`;
    throw new WaggleError('usage', { message });
  }
  session.stdout.write(scripts[shell](table));
};

const isKnown = (shell: string): shell is keyof typeof scripts => Object.hasOwn(scripts, shell);
