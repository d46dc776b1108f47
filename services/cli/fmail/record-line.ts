/**
 * A mail as one line, in the form that agents and scripts know: `ID from -> to: body`. Pure.
 */
import type { MailRecord } from '../../../schemas/index.ts';
import { printable } from '../printable.ts';

/**
 * Without a line break at its end. A text stands as it is, its own line breaks included, but for what would steer a
 * terminal; any other JSON is compact; a report is a few words.
 */
export function recordLine({ id, from, to, body, kind }: MailRecord): string {
  const text = typeof body === 'string' ? body : kind === 'report' ? reportWords(body) : JSON.stringify(body);
  return `${id} ${from} -> ${to}: ${printable(text)}`;
}

function reportWords(report: unknown): string {
  const { kind, lane, tip, task, fence } = report as Readonly<Record<string, unknown>>;
  return kind === 'lane' ? `[report] lane ${lane} ${tip}` : `[report] ${kind} ${task} fence ${fence}`;
}
