/**
 * `fmail topics`: those that hold messages.
 */
import { systemClock } from '../../../../shared/clock.ts';
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';
import { topicTable } from '../who-table.ts';

export const run: RunCommand = async ({ session, output }) => {
  const topics = await withDesk(session, (desk) => desk.topics(session.signal));
  const busy = topics.filter(({ messages }) => messages > 0);
  output.answer(busy.length === 0 ? null : busy, () => topicTable(busy, systemClock.now()));
};
