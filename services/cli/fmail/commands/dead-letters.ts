/**
 * `fmail dead-letters`: messages that were given up, each with the reason in front: `unknown` is a name that nobody
 * ever had, `unseen` one whose owner has long been away.
 */
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';
import { recordLine } from '../record-line.ts';

export const run: RunCommand = async ({ session, output }) => {
  const letters = await withDesk(session, (desk) => desk.deadLetters(session.signal));
  for (const { record, why } of letters)
    output.item({ ...record, why }, () => `${why.padEnd('unknown'.length)} ${recordLine(record)}`);
};
