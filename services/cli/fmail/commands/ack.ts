/**
 * `fmail ack`: tells a message's sender that one has seen it.
 */
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';
import { readMessage } from '../message-argument.ts';

export const run: RunCommand = async ({ session, output, args }) => {
  const seq = readMessage(args[0]);
  const record = await withDesk(session, (desk) => desk.ack(seq, session.signal));
  output.answer(record, () => record.id);
};
