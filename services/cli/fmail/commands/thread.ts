/**
 * `fmail thread`: a conversation, oldest message first.
 */
import { systemClock } from '../../../../shared/clock.ts';
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';
import { readMessage } from '../message-argument.ts';
import { createPrinter } from '../printer.ts';

export const run: RunCommand = async ({ session, output, args }) => {
  const seq = readMessage(args[0]);
  const records = await withDesk(session, (desk) => desk.thread(seq, session.signal));
  const { print } = createPrinter(session, output, systemClock);
  for (const record of records) await print(record);
};
