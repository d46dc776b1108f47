/**
 * Where a task's body comes from: `--body`, `--body-file FILE`, or standard input.
 */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { messageOf, WaggleError } from '../../../../shared/errors.ts';
import type { Session } from '../../session.ts';

/** The text of a file, or of standard input for `-`. Errors: `usage` when it cannot be read. */
export async function readInput(path: string, session: Session): Promise<string> {
  if (path === '-') return text(session.stdin);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new WaggleError('usage', { message: `${path}: ${messageOf(error)}` }, { cause: error });
  }
}

/** The body that the flags name; undefined without any. Errors: `usage`. */
export async function bodyOf(
  flags: { readonly body?: string; readonly bodyFile?: string },
  session: Session,
): Promise<string | undefined> {
  if (flags.bodyFile === undefined) return flags.body;
  if (flags.body !== undefined)
    throw new WaggleError('usage', { message: 'expected --body or --body-file, got both' });
  return readInput(flags.bodyFile, session);
}
