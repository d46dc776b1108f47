/**
 * What somebody wants to send, checked: the limits and texts of the seed (REQUIREMENTS 1.2). Pure. Whoever sends
 * makes the id, so that the same draft can be sent again without a second copy.
 */
import { LINE_LIMIT } from '../../schemas/limits.ts';
import { WaggleError } from '../errors.ts';
import type { MailDraft } from './desk.ts';
import { mailId, mailSequence } from './message-id.ts';
import { readTags, readTarget } from './names.ts';
import { recordOf } from './record.ts';

/** Longest mail, as its record pretty-printed, in bytes. */
const MAIL_BYTES = 1024 * 1024;

export interface DraftInput {
  /** `tasks`, or `@alice`. */
  readonly to: string;
  /** A text as it was typed; anything else is kept as its JSON text. */
  readonly body: unknown;
  readonly replyTo?: string;
  readonly priority?: string;
  readonly tags?: readonly string[];
  readonly ackWithinMs?: number;
  readonly host?: string;
  /** The sender, where it is known: a part of what is measured. */
  readonly from?: string;
}

/** Empty `replyTo`, `priority` and `host` count as absent. Errors: `usage` (no body), `mail-invalid`. */
export function draftOf(input: DraftInput, id: string): MailDraft {
  const to = readTarget(input.to);
  const body = bodyText(input.body);
  const replyTo = readReply(input.replyTo);
  const priority = readPriority(input.priority);
  const tags = readTags(input.tags ?? []);
  const { ackWithinMs } = input;
  if (ackWithinMs !== undefined && !(Number.isSafeInteger(ackWithinMs) && ackWithinMs >= 1)) {
    throw invalid('the time to acknowledge: expected at least a millisecond');
  }
  const host = oneLine(input.host ?? '');
  const draft: MailDraft = {
    id,
    to,
    body,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(priority === undefined ? {} : { priority }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(ackWithinMs === undefined ? {} : { ackWithinMs }),
    ...(host === '' ? {} : { host }),
  };
  if (printedBytes(draft, input.from ?? '') > MAIL_BYTES) throw invalid('message exceeds 1MB limit');
  return draft;
}

function bodyText(body: unknown): string {
  const text = typeof body === 'string' ? body : jsonText(body);
  if (text.trim() === '') throw new WaggleError('usage', { message: 'message body is required' });
  return text;
}

function jsonText(body: unknown): string {
  if (body === undefined || body === null) return '';
  try {
    return JSON.stringify(body) ?? '';
  } catch {
    throw invalid('the message body nests too deeply');
  }
}

function readReply(text: string | undefined): string | undefined {
  const wanted = text?.trim() ?? '';
  if (wanted === '') return undefined;
  if (mailSequence(wanted) !== undefined) return wanted;
  const shown = JSON.stringify(wanted.slice(0, 80));
  throw invalid(
    `invalid reply-to ${shown}: expected the id of a message, such as ${mailId(1_770_638_400_000, 3)}`,
  );
}

function readPriority(text: string | undefined): MailDraft['priority'] {
  const wanted = text?.trim().toLowerCase() ?? '';
  if (wanted === '') return undefined;
  if (wanted === 'low' || wanted === 'normal' || wanted === 'high') return wanted;
  throw invalid(
    `invalid priority: ${JSON.stringify(wanted.slice(0, 80)).slice(1, -1)}; expected low, normal or high`,
  );
}

const oneLine = (text: string): string =>
  text
    .replaceAll(/[\x00-\x1f\x7f-\x9f]/g, '')
    .trim()
    .slice(0, LINE_LIMIT);

/** With an id and a time of the usual length, because the bus gives the real ones. */
function printedBytes(draft: MailDraft, from: string): number {
  const { to, body, replyTo, priority, tags, ackWithinMs, host } = draft;
  const record = recordOf(
    {
      seq: 1,
      from,
      to: { kind: to.kind, name: to.name },
      mail: {
        v: 1,
        id: draft.id,
        kind: 'message',
        at: 0,
        ...(replyTo === undefined ? {} : { reply_to: replyTo }),
        ...(priority === undefined ? {} : { priority }),
        ...(tags === undefined ? {} : { tags: [...tags] }),
        ...(host === undefined ? {} : { host }),
        ...(ackWithinMs === undefined ? {} : { ack_within_ms: ackWithinMs }),
      },
    },
    body,
  );
  return new TextEncoder().encode(JSON.stringify(record, null, 2)).byteLength;
}

const invalid = (message: string): WaggleError => new WaggleError('mail-invalid', { message });
