/**
 * A commit on the command line: whole, because the board has no repository to look a short one up in.
 */
import { InvalidArgumentError } from 'commander';
import { COMMIT_PATTERN } from '../../schemas/limits.ts';

/** The hash in lower case. Errors: the parser's. */
export function commitHash(text: string): string {
  const wanted = text.trim().toLowerCase();
  if (new RegExp(COMMIT_PATTERN).test(wanted)) return wanted;
  throw new InvalidArgumentError(
    'expected a whole commit hash of 40 or 64 hex digits (`git rev-parse` gives it).',
  );
}
