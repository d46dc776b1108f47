/**
 * Decides a stored tree: of a live grant it is what the next grant continues from, newest by fence and number; of an
 * ended one it is a rescue, attached for whoever comes next and never preferred (DESIGN 2.3). A run numbers its trees:
 * one that is not newer than what is known of its fence is a copy, and changes nothing.
 */
import type { Grant, ReportAnswer, ReportOf, Task } from '../../schemas/index.ts';
import { accepted, type Decision, declined } from './decision.ts';
import type { Board } from './state.ts';

export function liveCheckpoint(
  board: Board,
  from: string,
  task: Task,
  grant: Grant,
  report: ReportOf<'checkpoint'>,
): Decision<ReportAnswer> {
  const fault =
    faultOf(from, report) ?? (grant.kind === 'commit' ? 'a commit grant has no tree of its own' : undefined);
  if (fault !== undefined) return declined(report, 'wrong-checkpoint', fault);
  const { checkpoint } = report;
  if (checkpoint.number <= (board.runs.get(grant.fence)?.checkpoints ?? 0)) return accepted(report, []);
  return accepted(report, [
    { type: 'checkpointed', task: task.id, agent: from, run: report.run, checkpoint, late: false },
  ]);
}

/** Undefined when the sender never held that fence of the task: then it counts for nothing. */
export function rescue(
  board: Board,
  from: string,
  task: Task,
  report: ReportOf<'checkpoint'>,
): Decision<ReportAnswer> | undefined {
  const held = board.runs.get(report.fence);
  if (held?.task !== task.id || held.agent !== from || held.run !== report.run || held.kind === 'commit')
    return undefined;
  const fault = faultOf(from, report);
  if (fault !== undefined) return declined(report, 'wrong-checkpoint', fault);
  const { checkpoint } = report;
  if (checkpoint.number <= held.checkpoints) return accepted(report, []);
  return accepted(report, [
    { type: 'checkpointed', task: task.id, agent: from, run: report.run, checkpoint, late: true },
  ]);
}

function faultOf(from: string, { fence, checkpoint }: ReportOf<'checkpoint'>): string | undefined {
  if (checkpoint.fence !== fence) return `it is of fence ${checkpoint.fence}, the report of fence ${fence}`;
  if (checkpoint.file.owner !== from) return `its file is ${checkpoint.file.owner}'s, the report ${from}'s`;
  return undefined;
}
