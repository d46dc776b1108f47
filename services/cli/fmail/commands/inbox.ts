/**
 * `fmail inbox`: what was sent to oneself. The mark in front of a line: `!` waits to be acknowledged, `*` unread.
 */
import type { InboxItem } from '../../../../shared/mail/desk.ts';
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';
import { recordLine } from '../record-line.ts';

const LIMIT = 20;

export const run: RunCommand = async ({ session, output, flags }) => {
  const query = { limit: flags.count('limit', LIMIT), unreadOnly: flags.has('unread') };
  const items = await withDesk(session, (desk) => desk.inbox(query, session.signal));
  for (const item of items) {
    const { record, state } = item;
    output.item({ ...record, state }, () => `${markOf(item)} ${recordLine(record)}`);
  }
};

function markOf({ record, state }: InboxItem): string {
  if (record.ack_within_ms !== undefined && state !== 'acknowledged') return '!';
  return state === 'unread' ? '*' : ' ';
}
