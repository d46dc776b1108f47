/**
 * Decides what a worker tells of a run's usage beside the report that ends its grant: of a harness that tells it only at
 * its own end, or of a run whose grant ended elsewhere. It counts for whoever had that grant, once, and ends nothing.
 */
import type { Event, ReportAnswer, ReportOf, Task } from '../../schemas/index.ts';
import { reached } from './budgets.ts';
import { accepted, type Decision, declined } from './decision.ts';
import { PROFILES_FORMAT } from './format.ts';
import type { Board } from './state.ts';
import { growthOf } from './usage.ts';

export function lateUsage(
  board: Board,
  from: string,
  task: Task,
  report: ReportOf<'used'>,
  now: number,
): Decision<ReportAnswer> {
  const record = board.runs.get(report.fence);
  const isOfIt = record?.task === task.id && record.run === report.run && record.kind === 'work';
  if (record === undefined || !isOfIt) {
    return declined(
      report,
      'unknown-run',
      `the board remembers no run ${report.run} with fence ${report.fence}`,
    );
  }
  if (record.agent !== from) {
    return declined(report, 'not-yours', `fence ${record.fence} was ${record.agent}'s, not ${from}'s`);
  }
  // An older journal has no place for it.
  if (board.format < PROFILES_FORMAT) return accepted(report, []);
  const { fence, usage } = report;
  const more = growthOf(record.usage ?? {}, usage);
  if (Object.values(more).every((grown) => grown === 0)) return accepted(report, []);
  const { profile } = record;
  const used: Event = {
    type: 'run_used',
    task: task.id,
    fence,
    agent: from,
    ...(profile === undefined ? {} : { profile }),
    usage,
  };
  return accepted(report, [used, ...reached(board, task, profile, more, now)]);
}
