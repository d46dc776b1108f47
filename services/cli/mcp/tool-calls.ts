/**
 * What each tool does, on the ports of mail and task alone. Arguments are checked already; refusals are thrown and
 * told by the server. Knows nothing of the protocol.
 */
import type { MailRecord } from '../../../schemas/index.ts';
import type { ToolArguments, ToolName } from '../../../schemas/tools.ts';
import { messageOf, WaggleError } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { InboxItem } from '../../../shared/mail/desk.ts';
import { draftOf } from '../../../shared/mail/draft.ts';
import { mailSequence } from '../../../shared/mail/message-id.ts';
import { bytesOf, clipped } from '../../../shared/mail/quoted.ts';
import type { RandomId } from '../../../shared/random.ts';
import type { Desks } from './desks.ts';

/** `data`: of the form that the tool declares; else a text. */
export type ToolAnswer = { readonly data: Readonly<Record<string, unknown>> } | { readonly text: string };

export type ToolCalls = {
  readonly [N in ToolName]: (args: ToolArguments[N], signal: AbortSignal) => Promise<ToolAnswer>;
};

export interface ToolCallOptions {
  readonly desks: Desks;
  readonly randomId: RandomId;
  readonly log: Pick<Log, 'warn'>;
  /** The agent has these mails before it; `isAll`: and there is no other unread one. */
  readonly onSeen?: (ids: readonly string[], isAll: boolean) => void;
}

const MAILS = 20;
/** Of one mail in a list, and of all of them: an answer is read by a model. */
const BODY_BYTES = 8 * 1024;
const BODIES_BYTES = 64 * 1024;

type ShownMail = MailRecord & { readonly state?: InboxItem['state']; readonly clipped?: true };

export function createToolCalls({ desks, randomId, log, onSeen }: ToolCallOptions): ToolCalls {
  const readOne = async (id: string, signal: AbortSignal): Promise<ToolAnswer> => {
    const record = await desks.withMail((desk) => desk.read(sequence(id), signal));
    onSeen?.([record.id], false);
    return { data: { mails: [record], may_be_more: false } };
  };

  /** A mail that was handed out whole has been read; if that cannot be noted, it comes again. */
  const noteRead = async (mails: readonly ShownMail[], signal: AbortSignal): Promise<void> => {
    const whole = mails.filter(({ state, clipped }) => state === 'unread' && clipped !== true);
    try {
      await desks.withMail(async (desk) => {
        for (const { id } of whole) await desk.read(sequence(id), signal);
      });
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'mail could not be marked as read');
    }
  };

  return {
    async mail_send({ to, body, reply_to, priority, tags, ack_within_ms }, signal) {
      const draft = draftOf(
        {
          to,
          body,
          ...(reply_to === undefined ? {} : { replyTo: reply_to }),
          ...(priority === undefined ? {} : { priority }),
          ...(tags === undefined ? {} : { tags }),
          ...(ack_within_ms === undefined ? {} : { ackWithinMs: ack_within_ms }),
        },
        randomId(),
      );
      const sent = await desks.withMail((desk) => desk.send(draft, signal));
      return { data: { id: sent.id, to: sent.to, time: sent.time } };
    },

    async mail_inbox({ id, all, limit = MAILS }, signal) {
      if (id !== undefined) return readOne(id, signal);
      const query = { limit, ...(all === true ? {} : { unreadOnly: true }) };
      const items = await desks.withMail((desk) => desk.inbox(query, signal));
      const mails = shownOf(items);
      const mayBeMore = mails.length < items.length || items.length >= limit;
      await noteRead(mails, signal);
      onSeen?.(
        mails.map((mail) => mail.id),
        !mayBeMore,
      );
      return { data: { mails, may_be_more: mayBeMore } };
    },

    async mail_ack({ id }, signal) {
      const record = await desks.withMail((desk) => desk.ack(sequence(id), signal));
      onSeen?.([record.id], false);
      return { data: { id: record.id, state: 'acknowledged' } };
    },

    async who(_, signal) {
      return { data: { agents: await desks.withMail((desk) => desk.who(signal)) } };
    },

    async task_current(_, signal) {
      return { data: { task: await desks.withTasks((desk) => desk.current(signal)) } };
    },

    async task_progress({ text }, signal) {
      await desks.withTasks((desk) => desk.progress(text, signal));
      return { text: 'Noted.' };
    },

    async task_done({ note }, signal) {
      await desks.withTasks((desk) => desk.done(note, signal));
      return { text: 'Noted: your task is done. End your turn now.' };
    },

    async task_block({ reason }, signal) {
      await desks.withTasks((desk) => desk.block(reason, signal));
      return { text: 'Noted: your task is blocked. End your turn now.' };
    },

    async task_add(draft, signal) {
      const { id } = await desks.withTasks((desk) => desk.add(draft, signal));
      return { data: { id } };
    },

    async task_next(_, signal) {
      const task = await desks.withTasks((desk) => desk.next(signal));
      return task === undefined ? { data: {} } : { data: { task } };
    },
  };
}

function sequence(id: string): number {
  const seq = mailSequence(id);
  if (seq !== undefined) return seq;
  const shown = JSON.stringify(id.slice(0, 80));
  const message = `id: expected the id of a mail, such as 20260209-120000-0003, got ${shown}`;
  throw new WaggleError('usage', { message });
}

/** As many of the first ones as an answer may hold, one at least. */
function shownOf(items: readonly InboxItem[]): readonly ShownMail[] {
  const shown: ShownMail[] = [];
  let bytes = 0;
  for (const { record, state } of items) {
    const text = typeof record.body === 'string' ? record.body : (JSON.stringify(record.body) ?? '');
    const isLong = bytesOf(text) > BODY_BYTES;
    bytes += Math.min(bytesOf(text), BODY_BYTES);
    if (shown.length > 0 && bytes > BODIES_BYTES) break;
    const cut = { body: clipped(text, BODY_BYTES), clipped: true } as const;
    shown.push({ ...record, state, ...(isLong ? cut : {}) });
  }
  return shown;
}
