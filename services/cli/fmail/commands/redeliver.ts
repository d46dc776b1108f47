/**
 * `fmail redeliver`: a dead letter gets another chance, or another reader.
 */
import { readAgent } from '../../../../shared/mail/names.ts';
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';
import { readMessage } from '../message-argument.ts';

export const run: RunCommand = async ({ session, output, args, flags }) => {
  const seq = readMessage(args[0]);
  const named = flags.text('to');
  const to = named === undefined ? undefined : `@${readAgent(named)}`;
  const record = await withDesk(session, (desk) => desk.redeliver(seq, to, session.signal));
  output.answer(record, () => record.id);
};
