/**
 * The two ways to watch: the seed's `watch` (a topic, and since when) and our `mail.watch`. Both end in the same lines.
 */
import type { SocketRequest } from '../../schemas/index.ts';
import { isWaggleError } from '../errors.ts';
import type { MailDesk, Watched, WatchQuery } from '../mail/desk.ts';
import { watchArgs } from '../mail/mail-verbs.ts';
import { mailSequence } from '../mail/message-id.ts';
import { readTarget } from '../mail/names.ts';
import { readTime } from '../mail/since.ts';
import { refusal, SocketRefusal } from './refusal.ts';

/** What is to be watched: after a sequence, or from a time on (milliseconds since the epoch, by the senders' clocks). */
export interface Watch extends WatchQuery {
  readonly fromTime?: number;
  /** Of direct mail only that to this agent. */
  readonly mine?: string;
}

/** Errors: `SocketRefusal`, `usage`, `mail-invalid`. */
export function readWatch(request: SocketRequest, agent: string, now: number): Watch {
  if (request.cmd === 'mail.watch') return watchArgs.read(request.args ?? {});
  return { ...readTopic(request.topic?.trim() ?? '', agent), ...readSince(request.since?.trim() ?? '', now) };
}

function readTopic(topic: string, agent: string): Watch {
  // As the seed: every topic, and what is for the asker.
  if (topic === '' || topic === '*') return { everything: true, mine: agent };
  if (topic.toLowerCase() === '@me') return { target: { kind: 'agent', name: agent } };
  try {
    return { target: readTarget(topic) };
  } catch (error) {
    if (!isWaggleError(error)) throw error;
    throw new SocketRefusal(topic.startsWith('@') ? 'invalid_agent' : 'invalid_topic', error);
  }
}

function readSince(since: string, now: number): Pick<Watch, 'after' | 'fromTime'> {
  if (since === '') return {};
  const after = mailSequence(since);
  if (after !== undefined) return { after };
  try {
    return { fromTime: readTime(since, now) };
  } catch {
    throw refusal('invalid_request', 'invalid since');
  }
}

/** A watch from now on as one behind a sequence: whoever hears that it has begun may rely on what is sent from then on. */
export async function begun(desk: MailDesk, watch: Watch, signal: AbortSignal): Promise<Watch> {
  if (watch.after !== undefined || watch.fromTime !== undefined) return watch;
  // Asks for own mail: what others wrote does not become delivered by looking where MAIL ends.
  const { last } = await desk.log({ from: desk.agent, limit: 1 }, signal);
  return { ...watch, after: last };
}

/** So many mails since a time are read at once; where there are more, MAIL is read from its beginning. */
const SINCE_RECORDS = 500;

/** The mails of a watch, each once and in order, until the signal aborts. */
export async function* watchedMail(
  desk: MailDesk,
  { mine, ...watch }: Watch,
  signal: AbortSignal,
): AsyncGenerator<Watched> {
  for await (const watched of allWatched(desk, watch, signal)) {
    const { to } = watched.record;
    if (mine === undefined || !to.startsWith('@') || to === `@${mine}`) yield watched;
  }
}

async function* allWatched(
  desk: MailDesk,
  { fromTime, ...query }: Watch,
  signal: AbortSignal,
): AsyncGenerator<Watched> {
  if (fromTime === undefined) {
    yield* desk.watch(query, signal);
    return;
  }
  const since = await desk
    .log({ ...query, limit: SINCE_RECORDS, since: { at: fromTime } }, signal)
    .catch((error: unknown) => {
      // More than may be held at once.
      if (isWaggleError(error, 'usage')) return undefined;
      throw error;
    });
  if (since !== undefined && since.records.length < SINCE_RECORDS) {
    const { records, last } = since;
    for (const [at, record] of records.entries()) yield { record, lag: records.length - 1 - at };
    yield* desk.watch({ ...query, after: last }, signal);
    return;
  }
  for await (const watched of desk.watch({ ...query, after: 0 }, signal)) {
    if (Date.parse(watched.record.time) >= fromTime) yield watched;
  }
}
