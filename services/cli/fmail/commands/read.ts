/**
 * `fmail read`: one message whole.
 */
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';
import { letterText } from '../letter-text.ts';
import { readMessage } from '../message-argument.ts';

export const run: RunCommand = async ({ session, output, args }) => {
  const seq = readMessage(args[0]);
  const record = await withDesk(session, (desk) => desk.read(seq, session.signal));
  output.answer(record, () => letterText(record));
};
