/**
 * The newest mails of a choice, oldest first. The read service finds mail by target and sender; what else is
 * asked for is looked for in a window at the end of the stream that grows until it holds enough.
 */
import type { Mail, StoredMail } from '../../../schemas/index.ts';
import type { Reader } from '../../../shared/bus/read-client.ts';
import type { MailTarget } from '../../../shared/bus/subjects.ts';

/**
 * Which mails: without a target those of all topics, without kinds those of all kinds. `since` in milliseconds
 * since the epoch, inclusive.
 */
export interface MailChoice {
  readonly target?: MailTarget;
  readonly from?: string;
  readonly since?: number;
  readonly kinds?: readonly Mail['kind'][];
}

/** Whether the choice takes a mail that the read service or a subscription gave for its target and sender. */
export function isChosen({ to, mail }: StoredMail, { target, since, kinds }: MailChoice): boolean {
  if (target === undefined && to.kind !== 'topic') return false;
  if (kinds !== undefined && !kinds.includes(mail.kind)) return false;
  return since === undefined || mail.at >= since;
}

/** Senders' clocks may be off by this much: a mail that much older than `since` means that the rest is older. */
const CLOCK_SLACK_MS = 3_600_000;
const FIRST_SPAN = 256;

/** At most `limit` mails (0: all), and the stream's last sequence when it was looked at. */
export async function recentMail(
  reader: Reader,
  choice: MailChoice,
  limit: number,
  signal: AbortSignal,
): Promise<{ mails: StoredMail[]; last: number }> {
  const { last } = await reader.mail({ last: 0 }, signal);
  let chosen: StoredMail[] = [];
  let end = last;
  for (let span = Math.max(FIRST_SPAN, limit * 4); ; span *= 4) {
    const after = limit === 0 ? 0 : Math.max(0, last - span);
    const window = await readWindow(reader, choice, after, end, signal);
    chosen = [...window.filter((mail) => isChosen(mail, choice)), ...chosen];
    const oldest = window[0]?.mail.at;
    const isPast =
      choice.since !== undefined && oldest !== undefined && oldest < choice.since - CLOCK_SLACK_MS;
    if (after === 0 || chosen.length >= limit || isPast) {
      return { mails: limit === 0 ? chosen : chosen.slice(-limit), last };
    }
    end = after;
  }
}

async function readWindow(
  reader: Reader,
  { target, from }: MailChoice,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<StoredMail[]> {
  const mails: StoredMail[] = [];
  for (let after = start; after < end; ) {
    const page = await reader.mail(
      { after, ...(target === undefined ? {} : { target }), ...(from === undefined ? {} : { from }) },
      signal,
    );
    mails.push(...page.mails.filter(({ seq }) => seq <= end));
    if (page.scanned_to <= after || page.scanned_to >= page.last) break;
    after = page.scanned_to;
  }
  return mails;
}
