/**
 * Mail as one line of text, in the form agents and scripts know: `ID from -> to: body`. Pure.
 */
import type { StoredMail } from '../../schemas/index.ts';
import { printable } from './printable.ts';

/**
 * `YYYYMMDD-HHMMSS-NNNN`: the second (UTC) of `atMs`, and the stream sequence with at least four digits. The
 * sequence alone makes it unique and is what a cursor goes by.
 */
export function mailId(atMs: number, seq: number): string {
  const [date = '', time = ''] = new Date(atMs).toISOString().slice(0, 19).split('T');
  return `${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${String(seq).padStart(4, '0')}`;
}

/** The stream sequence that an id of `mailId` holds; undefined for any other text. */
export function mailSequence(id: string): number | undefined {
  const seq = Number(/^\d{8}-\d{6}-(\d{4,15})$/.exec(id)?.[1]);
  return seq > 0 ? seq : undefined;
}

/** `tasks`, or `@alice` for an agent. */
export function mailTarget(to: StoredMail['to']): string {
  return to.kind === 'agent' ? `@${to.name}` : to.name;
}

/** The line for a mail, without a line break at its end; a body of several lines keeps its own. */
export function mailLine({ seq, from, to, mail }: StoredMail): string {
  return `${mailId(mail.at, seq)} ${from} -> ${mailTarget(to)}: ${printable(mail.body ?? '')}`;
}
