/**
 * What became of a message, as steps in the order they happened: stored, delivered, read, acknowledged; and where its
 * delivery is watched, how that stands. Pure.
 */
import type { Trace } from '../../../shared/mail/desk.ts';
import { rfc3339 } from '../../../shared/mail/message-id.ts';
import { formatTable } from '../table.ts';
import { recordLine } from './record-line.ts';

export interface TraceStep {
  readonly state: 'stored' | 'delivered' | 'read' | 'acknowledged' | 'waiting' | 'overdue' | 'dead';
  /** RFC 3339; absent for what is still so. */
  readonly time?: string;
  /** Who did it, or is waited for: `alice`, `@bob`. */
  readonly by?: string;
  readonly note?: string;
}

const reasons = {
  unknown: 'nobody of that name was ever seen; `fmail redeliver` sends it to another',
  unseen: 'nobody of that name was seen for too long; `fmail redeliver` waits anew',
} as const;

export function stepsOf({ record, receipts, letter }: Trace): readonly TraceStep[] {
  const steps: TraceStep[] = [{ state: 'stored', time: record.time, by: record.from }];
  for (const { by, state, time } of receipts) steps.push({ state, time, by });
  const until = letter?.ack_by === undefined ? undefined : rfc3339(letter.ack_by);
  switch (letter?.state) {
    case undefined:
      break;
    case 'waiting':
      steps.push({
        state: 'waiting',
        by: record.to,
        note: until === undefined ? 'not delivered yet' : `not delivered yet; to be acknowledged by ${until}`,
      });
      break;
    case 'delivered':
      steps.push({
        state: 'waiting',
        by: record.to,
        note: until === undefined ? 'to be acknowledged' : `to be acknowledged by ${until}`,
      });
      break;
    case 'overdue':
      steps.push({
        state: 'overdue',
        by: record.to,
        ...(until === undefined ? {} : { time: until }),
        note: 'not acknowledged in time',
      });
      break;
    case 'dead':
      steps.push({
        state: 'dead',
        by: record.to,
        ...(letter.why === undefined ? {} : { note: reasons[letter.why] }),
      });
      break;
  }
  return steps;
}

/** The message as one line, and a table of its steps. */
export function traceText(trace: Trace): string {
  const rows = stepsOf(trace).map(({ state, time, by, note }) => [state, time, by, note]);
  return `${recordLine(trace.record)}\n${formatTable(['STATE', 'TIME', 'BY', 'NOTE'], rows)}`;
}
