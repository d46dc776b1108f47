/**
 * Storing mail as an agent. Little code, loaded soon: `fmail send` is this and a connection.
 *
 * 1. What resolves is stored. Every try carries the mail's own id, so that the server keeps one copy.
 * 2. While the bus is away it is tried again, for as long as somebody at a terminal would wait.
 */
import type { Mail } from '../../schemas/index.ts';
import { INLINE_TEXT_LIMIT } from '../../schemas/limits.ts';
import { sendMail } from '../bus/send-mail.ts';
import type { MailRoute } from '../bus/subjects.ts';
import type { BusLink } from './bus-link.ts';
import type { MailDraft } from './desk.ts';
import { persist } from './patience.ts';

const PATIENCE_MS = 15_000;
const ATTEMPT_MS = 5_000;
const SHORTEST_MS = 250;

/** Stores a mail; its sequence. Errors: the port's. */
export function post(link: BusLink, to: MailRoute, mail: Mail, signal?: AbortSignal): Promise<number> {
  const { swarm, project, agent, clock } = link;
  const attempt = (leftMs: number) =>
    sendMail(swarm, project, agent, to, mail, Math.max(SHORTEST_MS, Math.min(ATTEMPT_MS, leftMs)));
  return persist(attempt, { clock, patienceMs: PATIENCE_MS, signal });
}

/** The draft as mail of that time; a long body is stored as a file first. */
export async function mailOf(
  link: BusLink,
  draft: MailDraft,
  at: number,
  signal?: AbortSignal,
): Promise<Mail> {
  const { body, replyTo, priority, tags = [], ackWithinMs } = draft;
  const host = draft.host ?? link.host;
  const isInline = body.length <= INLINE_TEXT_LIMIT && Buffer.byteLength(body) <= INLINE_TEXT_LIMIT;
  return {
    v: 1,
    id: draft.id,
    kind: 'message',
    at,
    ...(isInline ? { body } : { body_file: await storedBody(link, body, signal) }),
    ...(ackWithinMs === undefined ? {} : { ack_within_ms: ackWithinMs }),
    ...(replyTo === undefined ? {} : { reply_to: replyTo }),
    ...(priority === undefined ? {} : { priority }),
    ...(tags.length === 0 ? {} : { tags: [...tags] }),
    ...(host === '' ? {} : { host }),
  };
}

async function storedBody(link: BusLink, body: string, signal?: AbortSignal) {
  const { putBody } = await import('./bodies.ts');
  return putBody(link, body, signal);
}
