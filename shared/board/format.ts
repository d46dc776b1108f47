/**
 * The formats of the journal. An older version must not lead a journal that it does not wholly understand, so what it
 * cannot read is written only after an operator's `format` event, by which it notices (DESIGN 2.1). A new journal
 * begins in the newest format.
 */
import type { Event } from '../../schemas/index.ts';

/** The newest format that this version reads and writes. */
export const FORMAT = 3;

/** Kinds of events that came after format 1, and with which format. */
const introducedIn: Partial<Record<Event['type'], number>> = {
  checkpointed: 2,
  stale_seen: 2,
  taken_over: 2,
  attached: 2,
  continued: 2,
  registered: 3,
  status_set: 3,
  letter_posted: 3,
  letter_settled: 3,
  letter_delivered: 3,
  letter_overdue: 3,
  letter_dead: 3,
  letter_redelivered: 3,
};

/** The lowest format in which the event may be written; `format` itself may always. */
export function formatOf(event: Event): number {
  // A known kind with a field that an older version does not know.
  if (event.type === 'configured' && event.config.policies.dead_letter_after_ms !== undefined) return 3;
  return introducedIn[event.type] ?? 1;
}
