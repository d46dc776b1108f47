/**
 * Mails that nobody is there to read, and what to do with them.
 */
import type { Letter, MailRecord } from '../../schemas/index.ts';
import { WaggleError } from '../errors.ts';
import { bodyOf } from './bodies.ts';
import type { BusLink } from './bus-link.ts';
import type { DeadLetter } from './desk.ts';
import { mailId } from './message-id.ts';
import { readTarget } from './names.ts';
import { findMail, mailAt, recordWith } from './pages.ts';
import { post } from './post.ts';
import { recordOf } from './record.ts';
import { storeId } from './store-id.ts';

/** By sequence. A letter whose mail is gone is left out. */
export async function deadLettersOf(link: BusLink, signal?: AbortSignal): Promise<readonly DeadLetter[]> {
  const found: DeadLetter[] = [];
  for (const { seq, why = 'unseen' } of await deadOnes(link, undefined, signal)) {
    const mail = await findMail(link, seq, signal);
    if (mail !== undefined) found.push({ record: await recordWith(link, mail, signal), why });
  }
  return found;
}

/**
 * The letter is watched anew, or a copy goes to `to`; the record of the mail, or of the copy. Doing it again after an
 * error makes no second copy. Errors: `mail-unknown`, `mail-invalid` for a letter that isn't dead, `refused`.
 */
export async function redeliver(
  link: BusLink,
  seq: number,
  to: string | undefined,
  signal?: AbortSignal,
): Promise<MailRecord> {
  const mail = await mailAt(link, seq, signal);
  const id = mailId(mail.mail.at, seq);
  if (to === undefined) {
    await command(link, seq, false, signal);
    return recordWith(link, mail, signal);
  }
  const target = readTarget(to);
  if ((await deadOnes(link, [seq], signal)).length === 0) {
    throw new WaggleError('mail-invalid', { message: `message ${id} is no dead letter`, seq });
  }
  // What only the first mail carries stays with it: the time to answer begins anew, an id is its own.
  const { body, body_file, priority, tags, ack_within_ms } = mail.mail;
  const copy = {
    v: 1 as const,
    id: storeId(link.agent, 'copy', `${seq}.${target.kind}.${target.name}`),
    kind: 'message' as const,
    at: link.clock.now(),
    reply_to: id,
    ...(body === undefined ? {} : { body }),
    ...(body_file === undefined ? {} : { body_file }),
    ...(priority === undefined ? {} : { priority }),
    ...(tags === undefined ? {} : { tags }),
    ...(ack_within_ms === undefined ? {} : { ack_within_ms }),
    ...(link.host === '' ? {} : { host: link.host }),
  };
  const stored = { from: link.agent, to: target, ...(await post(link, target, copy, { signal })) };
  await command(link, seq, true, signal);
  return recordOf(stored, await bodyOf(link, stored, signal));
}

/** The dead ones of those sequences; without them all. */
async function deadOnes(link: BusLink, seqs?: number[], signal?: AbortSignal): Promise<readonly Letter[]> {
  const board = await link.board();
  const found: Letter[] = [];
  for (let after: number | undefined; ; ) {
    const which = { ...(seqs === undefined ? {} : { seqs }), ...(after === undefined ? {} : { after }) };
    const page = await board.query({ v: 1, kind: 'letters', states: ['dead'], ...which }, signal);
    found.push(...page.letters);
    if (page.next === undefined) return found;
    after = page.next;
  }
}

async function command(link: BusLink, seq: number, copy: boolean, signal?: AbortSignal): Promise<void> {
  const board = await link.board();
  const answer = await board.command(
    { v: 1, kind: 'redeliver', id: link.randomId(), seq, ...(copy ? { copy } : {}) },
    signal,
  );
  if (answer.status === 'ok') return;
  const message = answer.message ?? 'the board refused to deliver it again';
  if (answer.code === 'mail-unknown') throw new WaggleError('mail-unknown', { message, seq });
  throw new WaggleError('refused', { message, reason: answer.code ?? 'refused' });
}
