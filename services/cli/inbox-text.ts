/**
 * A mail of the orchestrator inbox for people. Pure.
 */
import type { MailRecord } from '../../schemas/index.ts';
import { formatAgo } from './ages.ts';
import { noPaint, type Paint } from './paint.ts';
import { printable } from './printable.ts';

/**
 * `ID  from  3m ago  body`; further lines of the body below it, indented. `now` in milliseconds since the epoch.
 */
export function inboxText({ id, from, time, body }: MailRecord, now: number, paint: Paint = noPaint): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const [first = '', ...rest] = printable(text).trimEnd().split('\n');
  const head = [paint('bold', id), from, formatAgo(now - Date.parse(time)), first].join('  ');
  return [head.trimEnd(), ...rest.map((line) => `  ${line}`)].join('\n');
}
