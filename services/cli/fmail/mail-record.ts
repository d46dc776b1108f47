/**
 * A stored mail in the shape that agents know, as an object and as a line. Pure.
 */
import type { Report, StoredMail } from '../../../schemas/index.ts';
import { mailId, mailLine, mailTarget } from '../mail-line.ts';
import { iso } from '../tracker-record.ts';

export interface MailRecord {
  readonly id: string;
  readonly from: string;
  /** `tasks`, or `@alice`. */
  readonly to: string;
  /** RFC 3339. */
  readonly time: string;
  /** A body that is JSON stands here as such (`123` as a number). */
  readonly body: unknown;
  readonly reply_to?: string;
  readonly priority?: 'low' | 'normal' | 'high';
  readonly host?: string;
  readonly tags?: readonly string[];
}

/** What is empty is left out. */
export function mailRecord(stored: StoredMail): MailRecord {
  const { seq, from, to, mail } = stored;
  const { reply_to, priority, host, tags = [] } = mail;
  return {
    id: mailId(mail.at, seq),
    from,
    to: mailTarget(to),
    time: iso(mail.at).replace('.000Z', 'Z'),
    body: mail.report ?? jsonOr(mail.body ?? ''),
    ...(reply_to === undefined ? {} : { reply_to }),
    ...(priority === undefined ? {} : { priority }),
    ...(host === undefined ? {} : { host }),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

/** `ID from -> to: body`; a report, which has no body, as a few words. */
export function recordLine(stored: StoredMail): string {
  const { report } = stored.mail;
  if (report === undefined) return mailLine(stored);
  return mailLine({ ...stored, mail: { ...stored.mail, body: reportWords(report) } });
}

function reportWords(report: Report): string {
  return report.kind === 'lane'
    ? `[report] lane ${report.lane} ${report.tip}`
    : `[report] ${report.kind} ${report.task} fence ${report.fence}`;
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
