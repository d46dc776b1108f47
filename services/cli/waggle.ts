#!/usr/bin/env node
/**
 * Entry of the `waggle` command: the process's streams and signals become a session; the exit code is the
 * command's.
 */
import { WITH_PARENT } from './parent-watch.ts';
import { processSession } from './process-session.ts';
import { runProgram } from './program.ts';

const words = process.argv.slice(2);
const { session, end } = processSession(words.includes(WITH_PARENT) ? { afterParent: untilOwnTurn } : {});
end(
  await runProgram(
    words.filter((word) => word !== WITH_PARENT),
    session,
  ),
);

/** A service of a killed `waggle up` runs in the project's root. */
async function untilOwnTurn(): Promise<void> {
  const order = await import('./up/leaving-order.ts');
  const { systemClock } = await import('../../shared/clock.ts');
  await order.untilOwnTurn(process.cwd(), process.pid, systemClock);
}
