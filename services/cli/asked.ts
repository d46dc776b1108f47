/**
 * Whom an answer is for, from what was typed: a task, or a mail of the orchestrator inbox.
 *
 * 1. The id of a mail, as the inbox shows it, is that mail; a bare number is the mail with that sequence, unless a
 *    task is called so.
 * 2. The orchestrator's own word about a task that needs somebody stands for that task.
 * 3. What could be more than one thing is an error that names them all.
 */
import type { StoredMail, TaskView } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/limits.ts';
import { isWaggleError, WaggleError } from '../../shared/errors.ts';
import { isMailId, mailId, mailSequence } from '../../shared/mail/message-id.ts';
import type { ProjectLink } from './session.ts';

export type Asked = { readonly view: TaskView } | { readonly mail: StoredMail };

/** Errors: `refused` when nothing or more than one thing is meant, or when nobody waits for an answer. */
export async function findAsked(link: ProjectLink, id: string, signal: AbortSignal): Promise<Asked> {
  const wanted = id.trim();
  const seq = mailSequence(wanted);
  const isNamed = isMailId(wanted);
  const stored = seq === undefined ? undefined : await mailAt(link, seq, signal);
  const mail = !isNamed || (stored !== undefined && idOf(stored) === wanted) ? stored : undefined;
  const task = await taskOf(link, wanted, signal);
  const isExact = 'view' in task && task.view.task.id === wanted.toLowerCase();
  if (mail !== undefined && !isExact && !isUnknown(task)) throw ambiguous(wanted, mail, task);
  if (mail !== undefined && isExact && isNamed) throw ambiguous(wanted, mail, task);
  if (mail !== undefined && !isExact) return waiting(link, mail, signal);
  if ('view' in task) return task;
  if (isUnknown(task)) {
    const message = `there is no task ${wanted}, and no such mail in the inbox; \`waggle inbox\` and \`waggle task list --status blocked\` show what waits`;
    throw new WaggleError('refused', { message, reason: 'unknown-task' });
  }
  throw task.error;
}

type Found = { readonly view: TaskView } | { readonly error: WaggleError };

const isUnknown = (found: Found): boolean =>
  'error' in found && found.error.details['reason'] === 'unknown-task';

const idOf = ({ seq, mail }: StoredMail): string => mailId(mail.at, seq);

async function taskOf({ client }: ProjectLink, id: string, signal: AbortSignal): Promise<Found> {
  try {
    return { view: (await client.query({ v: 1, kind: 'task', id }, signal)).view };
  } catch (error) {
    if (isWaggleError(error, 'refused')) return { error };
    throw error;
  }
}

/** The mail of the inbox with that sequence, of any kind. */
async function mailAt(
  { reader }: ProjectLink,
  seq: number,
  signal: AbortSignal,
): Promise<StoredMail | undefined> {
  const target = { kind: 'agent', name: RESERVED_AGENT } as const;
  const { mails } = await reader.mail({ target, after: seq - 1, limit: 1 }, signal);
  return mails.find((mail) => mail.seq === seq);
}

function ambiguous(id: string, mail: StoredMail, task: Found): WaggleError {
  const listed = 'view' in task ? [task.view.task.id] : task.error.details['candidates'];
  const tasks = Array.isArray(listed) ? listed.map(String) : [];
  const candidates = [...tasks, idOf(mail)];
  const message = `${id} could be ${tasks.map((one) => `task ${one}`).join(', ')}, or mail ${idOf(mail)} from ${mail.from}; say more of the id`;
  return new WaggleError('refused', { message, reason: 'ambiguous', candidates });
}

async function waiting(link: ProjectLink, mail: StoredMail, signal: AbortSignal): Promise<Asked> {
  if (mail.from === RESERVED_AGENT) return { view: await escalated(link, mail, signal) };
  if (mail.mail.kind === 'message') return { mail };
  throw nobodyWaits(mail);
}

const nobodyWaits = (mail: StoredMail): WaggleError =>
  new WaggleError('refused', {
    message: `mail ${idOf(mail)} is a ${mail.mail.kind} of ${mail.from}: nobody waits for an answer to it`,
    reason: 'no-question',
  });

/** The task that the orchestrator's mail asks somebody about: found in the batch that the mail tells of. */
async function escalated({ client }: ProjectLink, mail: StoredMail, signal: AbortSignal): Promise<TaskView> {
  const { journal_seq, kind } = mail.mail;
  if (kind !== 'message' || journal_seq === undefined) throw nobodyWaits(mail);
  const after = Math.max(0, journal_seq - 1);
  const { batches } = await client.query({ v: 1, kind: 'journal', after, limit: 1 }, signal);
  const events = batches.find(({ seq }) => seq === journal_seq)?.batch.events ?? [];
  const tasks = events.flatMap((event) =>
    event.type === 'grant_ended' && (event.to === 'blocked' || event.to === 'failed') ? [event.task] : [],
  );
  const [only] = tasks;
  if (only === undefined) throw nobodyWaits(mail);
  if (tasks.length > 1) {
    const message = `mail ${idOf(mail)} tells of ${tasks.join(', ')}; answer each by its id`;
    throw new WaggleError('refused', { message, reason: 'ambiguous', candidates: tasks });
  }
  return (await client.query({ v: 1, kind: 'task', id: only }, signal)).view;
}
