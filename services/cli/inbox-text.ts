/**
 * A mail of the orchestrator inbox for people. Pure.
 */
import type { StoredMail } from '../../schemas/index.ts';
import { formatAgo } from './ages.ts';
import { mailId } from './mail-line.ts';
import { noPaint, type Paint } from './paint.ts';
import { printable } from './printable.ts';

/**
 * `ID  from  3m ago  body`; further lines of the body below it, indented. `now` in milliseconds since the epoch.
 */
export function inboxText({ seq, from, mail }: StoredMail, now: number, paint: Paint = noPaint): string {
  const [first = '', ...rest] = printable(mail.body ?? '')
    .trimEnd()
    .split('\n');
  const head = [paint('bold', mailId(mail.at, seq)), from, formatAgo(now - mail.at), first].join('  ');
  return [head.trimEnd(), ...rest.map((line) => `  ${line}`)].join('\n');
}
