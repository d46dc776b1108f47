/**
 * Rule 9 of the simulation: attempts, losses and conflicts, counted anew from what was reported.
 */
import type { Event, EventOf } from '../../schemas/index.ts';
import type { Facts, TaskFact } from './facts.ts';

const uncounted: readonly string[] = ['rate_limited', 'auth_failed', 'killed', 'fenced'];

type Counters = Pick<TaskFact, 'attempts' | 'losses' | 'conflicts'>;

/** What is wrong with the counters, or the state, that the end of a grant leaves its task with. */
export function countedRight(facts: Facts, event: Event): string | undefined {
  if (event.type !== 'grant_ended') return undefined;
  const fact = facts.tasks.get(event.task);
  if (fact === undefined) return undefined;
  if (!facts.isWhole && event.end.report !== undefined && !facts.reports.has(event.end.report)) {
    facts.unseen += 1;
    return undefined;
  }
  const { attempts, losses, conflicts } = expectedCounters(facts, fact, event);
  const isRight = event.attempts === attempts && event.losses === losses && event.conflicts === conflicts;
  if (!isRight)
    return `${event.task} counts ${event.attempts}/${event.losses}/${event.conflicts} after ${event.end.why}, expected ${attempts}/${losses}/${conflicts}`;
  if (event.to !== 'open') return undefined;
  const { max_attempts = 0, max_losses = 0, max_conflicts = 0 } = facts.config?.policies ?? {};
  const bounds: [string, number, number, number][] = [
    ['attempts', fact.attempts, attempts, fact.spec.max_attempts ?? max_attempts],
    ['losses', fact.losses, losses, max_losses],
    ['conflicts', fact.conflicts, conflicts, max_conflicts],
  ];
  const over = bounds.find(([, before, counted, bound]) => counted > before && counted >= bound);
  return over && `${event.task} goes on after ${over[2]} ${over[0]} of ${over[3]}`;
}

/** Straight from the design: what counts as an attempt, as a loss, as a conflict. */
function expectedCounters(
  { reports, grants, spent, spentNow }: Facts,
  before: TaskFact,
  event: EventOf<'grant_ended'>,
): Counters {
  const { attempts, losses, conflicts } = before;
  const same = { attempts, losses, conflicts };
  const attempt = { attempts: attempts + 1, losses, conflicts: 0 };
  const report = event.end.report === undefined ? undefined : reports.get(event.end.report);
  const isWork = grants.get(event.end.fence)?.grant.kind === 'work';
  switch (event.end.why) {
    case 'takeover':
    case 'restarted':
    case 'unlisted':
      return isWork ? { ...same, losses: losses + 1 } : same;
    case 'failed':
      if (report?.kind !== 'failed') return attempt;
      // Its budget ran out, and not its luck.
      if (report.outcome === 'timed_out' && [spent, spentNow].some((all) => all.has(`task ${event.task}`)))
        return same;
      return uncounted.includes(report.outcome) ? same : attempt;
    case 'done':
      return event.to === 'closed' ? same : attempt;
    case 'committed':
      return { ...same, conflicts: 0 };
    case 'bounced':
      if (report?.kind !== 'bounced' || event.to === 'submitted' || event.to === 'cancelled') return same;
      if (event.to === 'closed') return same;
      if (event.to === 'open' && before.isRetryWished) return { attempts: 0, losses: 0, conflicts: 0 };
      if (report.reason === 'conflict') return { ...same, conflicts: conflicts + 1 };
      if (report.reason.startsWith('bundle')) return { ...same, losses: losses + 1 };
      return attempt;
    default:
      return same;
  }
}
