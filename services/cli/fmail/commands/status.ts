/**
 * `fmail status`: prints one's own status, or sets it.
 */
import { WaggleError } from '../../../../shared/errors.ts';
import { printable } from '../../printable.ts';
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';

export const run: RunCommand = async ({ session, args, flags }) => {
  const { signal } = session;
  const text = args[0]?.trim();
  if (flags.has('clear')) {
    if (text !== undefined) throw usage('status does not take a message with --clear');
    return withDesk(session, (desk) => desk.setStatus(undefined, signal));
  }
  if (text === '') throw usage('status message is required');
  if (text !== undefined) return withDesk(session, (desk) => desk.setStatus(text, signal));
  const status = await withDesk(session, (desk) => desk.status(signal));
  if (status !== undefined && status.trim() !== '') session.stdout.write(`${printable(status)}\n`);
};

const usage = (message: string): WaggleError => new WaggleError('usage', { message });
