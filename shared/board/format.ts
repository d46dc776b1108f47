/**
 * The formats of the journal. An older version must not lead a journal that it does not wholly understand, so what it
 * cannot read is written only after an operator's `format` event, by which it notices (DESIGN 2.1). A new journal
 * begins in the newest format.
 */
import type { BoardConfig, Event } from '../../schemas/index.ts';

/** The newest format that this version reads and writes. */
export const FORMAT = 4;

/** The format that profiles, pools, budgets and usage came with. */
export const PROFILES_FORMAT = 4;

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
  profile_cooled: 4,
  profile_stopped: 4,
  profile_resumed: 4,
  profile_quota: 4,
  run_used: 4,
  run_recorded: 4,
  budget_reached: 4,
};

/** The lowest format in which the event may be written; `format` itself may always. */
export function formatOf(event: Event): number {
  // Known kinds with fields that an older version does not know.
  if (event.type === 'configured') return formatOfConfig(event.config);
  if (event.type === 'granted' && event.grant.pool !== undefined) return PROFILES_FORMAT;
  return introducedIn[event.type] ?? 1;
}

function formatOfConfig({ pools, budgets, profiles, policies }: BoardConfig): number {
  const isOfProfiles = Object.values(profiles).some(
    ({ weight, budget }) => weight !== undefined || budget !== undefined,
  );
  if (pools !== undefined || budgets !== undefined || isOfProfiles) return PROFILES_FORMAT;
  return policies.dead_letter_after_ms === undefined ? 1 : 3;
}
