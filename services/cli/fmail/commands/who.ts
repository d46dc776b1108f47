/**
 * `fmail who`: whom the project knows, by name.
 */
import { systemClock } from '../../../../shared/clock.ts';
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';
import { whoTable } from '../who-table.ts';

export const run: RunCommand = async ({ session, output }) => {
  const people = await withDesk(session, (desk) => desk.who(session.signal));
  output.answer(people.length === 0 ? null : people, () => whoTable(people, systemClock.now()));
};
