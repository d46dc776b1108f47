/**
 * `fmail search`: the newest messages that hold a text, oldest first; of topics and direct ones where no target is
 * named.
 */
import { systemClock } from '../../../../shared/clock.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { senderChoice, targetChoice } from '../choice.ts';
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';
import { createPrinter } from '../printer.ts';

const LIMIT = 20;

export const run: RunCommand = async ({ session, output, args, flags }) => {
  const text = (args[0] ?? '').trim();
  if (text === '') throw new WaggleError('usage', { message: 'expected a text to search for' });
  const { target } = targetChoice(args[1]);
  const query = {
    text,
    limit: flags.count('limit', LIMIT),
    ...(target === undefined ? { everything: true } : { target }),
    ...senderChoice(flags.text('from')),
  };
  const records = await withDesk(session, (desk) => desk.search(query, session.signal));
  const { print } = createPrinter(session, output, systemClock);
  for (const record of records) await print(record);
};
