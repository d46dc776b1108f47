/**
 * `fmail send`: stores one mail and prints its id once it is stored.
 */
import { draftOf } from '../../../../shared/mail/draft.ts';
import { randomId } from '../../../../shared/random.ts';
import { readBody } from '../body.ts';
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';

/** How long a sender waits to be acknowledged who doesn't say. */
const ACK_WITHIN_MS = 600_000;

export const run: RunCommand = async ({ session, output, args, flags }) => {
  const [to = '', message] = args;
  const [replyTo, priority] = [flags.text('reply-to'), flags.text('priority')];
  const wantsAck = flags.has('ack-required') || flags.text('deadline') !== undefined;
  const draft = draftOf(
    {
      to,
      body: await readBody(session, message, flags.text('file')),
      tags: flags.list('tag'),
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(priority === undefined ? {} : { priority }),
      ...(wantsAck ? { ackWithinMs: flags.durationMs('deadline', ACK_WITHIN_MS) } : {}),
    },
    randomId(),
  );
  const record = await withDesk(session, (desk) => desk.send(draft, session.signal));
  output.answer(record, () => record.id);
};
