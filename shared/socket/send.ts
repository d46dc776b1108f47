/**
 * The seed's `send`: one mail, answered when it is stored. Which of the seed's codes a bad one gets is decided here.
 */

import type { MailRecord, SocketRequest } from '../../schemas/index.ts';
import { ID_PATTERN } from '../../schemas/limits.ts';
import { isWaggleError, type WaggleError } from '../errors.ts';
import type { MailDesk, MailDraft } from '../mail/desk.ts';
import { draftOf } from '../mail/draft.ts';
import { readTarget } from '../mail/names.ts';
import type { RandomId } from '../random.ts';
import { refusal, SocketRefusal } from './refusal.ts';

const ID = new RegExp(ID_PATTERN);

/**
 * Stores the mail of a `send`. Its `args` may hold what the seed doesn't know: `id`, by which a client that sends the
 * same mail again stores it once, and `ack_within_ms`. Errors: `SocketRefusal`, the desk's.
 */
export function sendMail(
  desk: MailDesk,
  request: SocketRequest,
  randomId: RandomId,
  signal: AbortSignal,
): Promise<MailRecord> {
  return desk.send(readDraft(desk.agent, request, randomId), signal);
}

function readDraft(from: string, request: SocketRequest, randomId: RandomId): MailDraft {
  const { to = '', body, reply_to, priority, tags, host, args = {} } = request;
  if (body === undefined || body === null) throw refusal('invalid_request', 'missing body');
  as(to.trim().startsWith('@') ? 'invalid_agent' : 'invalid_topic', () => readTarget(to));
  const { id = randomId(), ack_within_ms } = args;
  if (typeof id !== 'string' || !ID.test(id)) {
    throw refusal('invalid_request', `args.id: expected text that matches ${ID_PATTERN}`);
  }
  if (ack_within_ms !== undefined && typeof ack_within_ms !== 'number') {
    throw refusal('invalid_request', 'args.ack_within_ms: expected a number');
  }
  const input = {
    to,
    body,
    from,
    ...(reply_to === undefined ? {} : { replyTo: reply_to }),
    ...(priority === undefined ? {} : { priority }),
    ...(tags === undefined ? {} : { tags }),
    ...(host === undefined ? {} : { host }),
    ...(ack_within_ms === undefined ? {} : { ackWithinMs: ack_within_ms }),
  };
  // With a short body in its place the mail passes: then its size is what is wrong.
  const isOtherwiseGood = () => draftOf({ ...input, body: '-' }, id) !== undefined;
  return as(
    (error) => (error.code === 'mail-invalid' && passes(isOtherwiseGood) ? 'too_large' : 'invalid_request'),
    () => draftOf(input, id),
  );
}

type Code = ConstructorParameters<typeof SocketRefusal>[0];

/** Tells an error of the table with that code of the socket. */
function as<T>(code: Code | ((error: WaggleError) => Code), work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isWaggleError(error)) throw error;
    throw new SocketRefusal(typeof code === 'function' ? code(error) : code, error);
  }
}

function passes(work: () => boolean): boolean {
  try {
    return work();
  } catch {
    return false;
  }
}
