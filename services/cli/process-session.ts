/**
 * The session of this process: its streams, and a signal that the first Ctrl-C or SIGTERM aborts. A second one
 * ends the process at once, unless the command does something better then (`onHurry`).
 */
import { onParentGone, PARENT_GONE } from './parent-watch.ts';
import type { Session } from './session.ts';

export interface ProcessSessionOptions {
  /** Drain, too, when standard input closes (the supervisor has died) and this has resolved. */
  readonly afterParent?: () => Promise<void>;
}

export function processSession(options: ProcessSessionOptions = {}): {
  session: Session;
  end: (code: number) => void;
} {
  const stop = new AbortController();
  let hurry: (() => void) | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    if (!stop.signal.aborted) stop.abort(name);
    else if (hurry !== undefined) hurry();
    else process.exit(name === 'SIGINT' ? 130 : 143);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // A reader that has seen enough (`| head`) is no failure; a full disk is, and nobody's mistake in the code.
  const onLost = (error: NodeJS.ErrnoException): never => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`Error: cannot write the output: ${error.message}\n`);
    process.exit(1);
  };
  process.stdout.on('error', onLost);
  const { stdout, env } = process;
  const { afterParent } = options;
  if (afterParent !== undefined) {
    const leave = () => stop.abort(PARENT_GONE);
    // Whatever goes wrong with the order: nobody stays.
    onParentGone(process.stdin, () => void afterParent().then(leave, leave));
  }
  return {
    session: {
      folder: process.cwd(),
      variables: env,
      // Each takes a millisecond to open, and a short command touches one at most.
      get stdin() {
        return process.stdin;
      },
      stdout,
      get stderr() {
        return process.stderr;
      },
      signal: stop.signal,
      onHurry: (act) => {
        hurry = act;
      },
    },
    // A socket of a hung server could keep the process alive; standard output must be written first.
    end: (code) => {
      process.exitCode = code;
      // What was lost before may be told here first.
      stdout.write('', () => {
        const lost = code === 0 ? stdout.errored : null;
        return lost === null ? process.exit(code) : onLost(lost);
      });
    },
  };
}
