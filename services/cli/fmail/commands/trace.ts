/**
 * `fmail trace`: what became of one message.
 */
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';
import { readMessage } from '../message-argument.ts';
import { stepsOf, traceText } from '../trace-steps.ts';

export const run: RunCommand = async ({ session, output, args }) => {
  const seq = readMessage(args[0]);
  const trace = await withDesk(session, (desk) => desk.trace(seq, session.signal));
  output.answer({ ...trace, steps: stepsOf(trace) }, () => traceText(trace));
};
