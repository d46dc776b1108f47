/**
 * How `fmail` tells that something went wrong: `Error: <message>` on standard error, which scripts know, or with `--json`
 * the error as an object on standard output.
 */
import { exitCodeOf, failureObject } from '../failure.ts';
import type { Session } from '../session.ts';

/** Tells it; the exit code. */
export function tellFailure(session: Session, json: boolean, thrown: unknown): 0 | 1 | 2 {
  const { stdout, stderr, signal } = session;
  const error = signal.aborted && thrown === signal.reason ? new Error('interrupted') : thrown;
  const told = failureObject(error);
  if (json) stdout.write(`${JSON.stringify(told, undefined, 2)}\n`);
  else {
    const { message, hint } = told.error;
    stderr.write(`Error: ${message}\n${hint === undefined ? '' : `${hint}\n`}`);
  }
  return exitCodeOf(error);
}
