/**
 * One message whole, for people: who, whom, when and what for, then its body. Pure.
 */
import type { MailRecord } from '../../../schemas/index.ts';
import { formatDuration } from '../../../shared/config/durations.ts';
import { printable, singleLine } from '../printable.ts';

/** Headers, an empty line, and the body as it was written; JSON indented. */
export function letterText(record: MailRecord): string {
  const { id, from, to, time, priority, reply_to, tags, host, kind, ack_within_ms, body } = record;
  const text = typeof body === 'string' ? body : JSON.stringify(body, undefined, 2);
  const headers: readonly (readonly [string, string | undefined])[] = [
    ['id', id],
    ['from', host === undefined ? from : `${from} on ${host}`],
    ['to', to],
    ['time', time],
    ['kind', kind],
    ['priority', priority],
    ['reply to', reply_to],
    ['tags', tags?.join(', ')],
    [
      'wants',
      ack_within_ms === undefined ? undefined : `an acknowledgement within ${formatDuration(ack_within_ms)}`,
    ],
  ];
  const lines = headers.flatMap(([name, value]) =>
    value === undefined ? [] : [`${`${name}:`.padEnd(10)}${singleLine(value)}`],
  );
  return `${lines.join('\n')}\n\n${printable(text)}`;
}
