/**
 * Storing mail as an agent. Little code, loaded soon: `fmail send` is this and a connection.
 *
 * 1. What resolves is stored, as it was given: an answer that the server has a mail with that id is looked into,
 *    unless a try before it may have stored it.
 * 2. Every try carries the mail's own id, so that the server keeps one copy.
 * 3. While the bus is away it is tried again, for as long as somebody at a terminal would wait.
 */
import type { FileRef, Mail, StoredMail } from '../../schemas/index.ts';
import { INLINE_TEXT_LIMIT } from '../../schemas/limits.ts';
import { storeMail } from '../bus/send-mail.ts';
import type { MailRoute } from '../bus/subjects.ts';
import type { BusLink } from './bus-link.ts';
import type { MailDraft } from './desk.ts';
import { persist } from './patience.ts';
import { storeId } from './store-id.ts';
import { idInUse } from './tries.ts';

const PATIENCE_MS = 15_000;
const ATTEMPT_MS = 5_000;
const SHORTEST_MS = 250;

export interface PostOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether it was tried before, so that the server may have this very mail. */
  readonly isRepeated?: boolean;
  /** How the id is named to whoever chose it, when it turns out to be another mail's. Default: the mail's. */
  readonly idName?: string;
}

/** Stores a mail; where it stands, and as what. Errors: the port's; `mail-invalid` when its id is another mail's. */
export async function post(
  link: BusLink,
  to: MailRoute,
  mail: Mail,
  { signal, isRepeated = false, idName = mail.id }: PostOptions = {},
): Promise<{ readonly seq: number; readonly mail: Mail }> {
  const { swarm, project, agent, clock, randomId } = link;
  let isOwn = isRepeated;
  let one = mail;
  const attempt = async (leftMs: number) => {
    const timeoutMs = Math.max(SHORTEST_MS, Math.min(ATTEMPT_MS, leftMs));
    const done = storeMail(swarm, project, agent, to, one, timeoutMs);
    done.catch(() => {
      isOwn = true;
    });
    return done;
  };
  for (;;) {
    const stored = await persist(attempt, { clock, patienceMs: PATIENCE_MS, signal });
    if (!stored.duplicate || isOwn) return { seq: stored.seq, mail: one };
    const known = await ownMailAt(link, to, stored.seq, signal);
    if (known !== undefined && isSame(known.mail, one)) return { seq: stored.seq, mail: known.mail };
    if (known !== undefined) throw idInUse(idName);
    // Somebody else has taken the id, which only a program with rights of its own on the bus can do.
    one = { ...mail, id: storeId(agent, 'message', randomId()) };
  }
}

/** The agent's mail to that target with that sequence. */
async function ownMailAt(
  link: BusLink,
  target: MailRoute,
  seq: number,
  signal?: AbortSignal,
): Promise<StoredMail | undefined> {
  const query = { target, from: link.agent, after: seq - 1, limit: 1 };
  const { mails } = await link.read((reader) => reader.mail(query, signal), signal);
  return mails.find((one) => one.seq === seq);
}

/** Whether two mails say the same, whenever they do. */
function isSame(known: Mail, mail: Mail): boolean {
  const words = (one: Mail) => JSON.stringify(Object.entries({ ...one, at: 0 }).sort());
  return words(known) === words(mail);
}

/** The draft as mail of that time, without its body. */
export function headOf(link: BusLink, draft: MailDraft, at: number): Mail {
  const { replyTo, priority, tags = [], ackWithinMs } = draft;
  const host = draft.host ?? link.host;
  return {
    v: 1,
    id: storeId(link.agent, 'message', draft.id),
    kind: 'message',
    at,
    ...(ackWithinMs === undefined ? {} : { ack_within_ms: ackWithinMs }),
    ...(replyTo === undefined ? {} : { reply_to: replyTo }),
    ...(priority === undefined ? {} : { priority }),
    ...(tags.length === 0 ? {} : { tags: [...tags] }),
    ...(host === '' ? {} : { host }),
  };
}

/** A body as a mail carries it; a long one is stored as a file first. */
export async function bodyFields(
  link: BusLink,
  body: string,
  signal?: AbortSignal,
): Promise<{ readonly body: string } | { readonly body_file: FileRef }> {
  const isInline = body.length <= INLINE_TEXT_LIMIT && Buffer.byteLength(body) <= INLINE_TEXT_LIMIT;
  if (isInline) return { body };
  const { putBody } = await import('./bodies.ts');
  return { body_file: await putBody(link, body, signal) };
}
