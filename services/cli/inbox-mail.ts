/**
 * The mail of the orchestrator inbox: those of the wished kinds, among the many reports that workers send there.
 */
import type { MailRecord } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/limits.ts';
import type { MailDesk, Since } from '../../shared/mail/desk.ts';

/** Reports are for the board, and never wished. */
export type InboxKind = 'message' | 'notice';

export interface InboxQuery {
  readonly kinds: readonly InboxKind[];
  /** The newest so many; 0: all. */
  readonly limit: number;
  readonly since?: Since;
}

const target = { kind: 'agent', name: RESERVED_AGENT } as const;
const FIRST_LOOK = 256;

/** What kind of mail a record is. */
export const kindOf = ({ kind }: MailRecord): InboxKind | 'report' => kind ?? 'message';

/** Oldest first, and the sequence up to which was looked. Looks further back until it has found enough. */
export async function inboxMail(
  desk: Pick<MailDesk, 'log'>,
  { kinds, limit, since }: InboxQuery,
  signal: AbortSignal,
): Promise<{ readonly records: readonly MailRecord[]; readonly last: number }> {
  for (let most = limit === 0 ? 0 : Math.max(FIRST_LOOK, limit * 4); ; most *= 4) {
    const query = { target, limit: most, ...(since === undefined ? {} : { since }) };
    const { records, last } = await desk.log(query, signal);
    const wanted = records.filter((record) => isWanted(record, kinds));
    if (most === 0 || records.length < most || wanted.length >= limit) {
      return { records: limit === 0 ? wanted : wanted.slice(-limit), last };
    }
  }
}

/** What comes after that sequence, until the signal aborts. */
export async function* followInbox(
  desk: Pick<MailDesk, 'watch'>,
  kinds: readonly InboxKind[],
  after: number,
  signal: AbortSignal,
): AsyncGenerator<MailRecord, void, void> {
  for await (const { record } of desk.watch({ target, after }, signal)) {
    if (isWanted(record, kinds)) yield record;
  }
}

const isWanted = (record: MailRecord, kinds: readonly InboxKind[]): boolean =>
  kinds.some((kind) => kind === kindOf(record));
