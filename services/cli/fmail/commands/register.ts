/**
 * `fmail register`: takes a name, or finds one that nobody has.
 */
import { readAgent } from '../../../../shared/mail/names.ts';
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';

export const run: RunCommand = async ({ session, output, args }) => {
  const name = args[0] === undefined ? undefined : readAgent(args[0]);
  const record = await withDesk(session, (desk) => desk.register(name, session.signal));
  output.answer(record, () => record.name);
};
