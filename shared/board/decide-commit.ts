/**
 * Decides a committer's outcome for a submission. `committed` wins over everything; any other outcome of a
 * look-up brings into force what operators asked for meanwhile (DESIGN 2.4). Who may report, and whether the
 * grant is live, is settled before (`decide-report.ts`).
 */
import type { Event, EventOf, Grant, ReportAnswer, ReportOf, Task } from '../../schemas/index.ts';
import { assertNever } from '../errors.ts';
import { followUps } from './decide-claim.ts';
import { accepted, clip, type Decision, declined } from './decision.ts';
import { afterAttempt, attachment, committersLost, type EndFields, ended, inBudget } from './grant-end.ts';
import type { Board } from './state.ts';

/** The change is in the branch. Refused when it starts from a tip that is not the lane's last. */
export function committed(
  board: Board,
  from: string,
  task: Task,
  grant: Grant,
  report: ReportOf<'committed'>,
  now: number,
): Decision<ReportAnswer> {
  if (report.lane !== task.lane)
    return declined(report, 'wrong-lane', `${task.id} is in lane ${task.lane ?? '-'}`);
  const tip = board.lanes.get(report.lane)?.tip;
  if (tip !== undefined && tip !== report.old) {
    return declined(
      report,
      'foreign-tip',
      `lane ${report.lane} ends at ${tip}, the report starts from ${report.old}`,
    );
  }
  const { lane, old, commit, subject, found } = report;
  const event = ended(
    task,
    grant,
    'committed',
    {
      to: 'closed',
      conflicts: 0,
      outcome: 'completed',
      closing: {
        how: 'committed',
        by: task.submission?.agent ?? from,
        at: now,
        commit,
        ...(report.evidence === undefined ? {} : { evidence: report.evidence }),
      },
    },
    report.id,
  );
  return accepted(report, [
    event,
    { type: 'commit_landed', task: task.id, lane, old, new: report.new, commit, subject, by: from, found },
  ]);
}

/** The change is not in the branch, says the look-up: what was deferred counts now. */
export function bounced(
  board: Board,
  from: string,
  task: Task,
  grant: Grant,
  report: ReportOf<'bounced'>,
  now: number,
): Decision<ReportAnswer> {
  if (report.lane !== task.lane)
    return declined(report, 'wrong-lane', `${task.id} is in lane ${task.lane ?? '-'}`);
  const end = (fields: EndFields, before: readonly Event[] = []): Decision<ReportAnswer> => {
    const event = ended(task, grant, 'bounced', fields, report.id);
    return accepted(report, [...before, event, ...followUps(board, event)]);
  };
  // Given back without a look-up: nothing is known, what was deferred stays deferred.
  if (report.reason === 'drained') return end({ to: 'submitted' });
  const edits = deferredEdits(task);
  const before = [...edits, ...movedLane(board, from, report)];
  const wish = deferredEnd(task, now);
  if (wish !== undefined) return end(wish, before);
  if (report.reason === 'lane_moved') {
    const submission = task.submission === undefined ? undefined : { ...task.submission, unresolved: false };
    return end({ to: 'submitted', ...(submission === undefined ? {} : { submission }) }, before);
  }
  const edited = edits.reduce((known, { patch }) => withBound(known, patch.max_attempts), task);
  return end(inBudget(board, edited, bounceFields(board, edited, grant, report, from, now)), before);
}

const withBound = (task: Task, max_attempts: number | undefined): Task =>
  max_attempts === undefined ? task : { ...task, max_attempts };

/** The event that holds the lane when its branch is not where the board left it. */
function movedLane(board: Board, from: string, { lane, found, reason }: ReportOf<'bounced'>): Event[] {
  if (reason !== 'lane_moved' || found === undefined || found === board.lanes.get(lane)?.tip) return [];
  return [{ type: 'lane_moved', lane, found, by: from, ...expectedTip(board, lane) }];
}

const expectedTip = (board: Board, lane: string): { expected?: string } => {
  const tip = board.lanes.get(lane)?.tip;
  return tip === undefined ? {} : { expected: tip };
};

function bounceFields(
  board: Board,
  task: Task,
  grant: Grant,
  report: ReportOf<'bounced'>,
  from: string,
  now: number,
): EndFields {
  const note = (kind: 'conflict' | 'gate' | 'bundle' | 'failure') =>
    attachment(kind, grant.fence, now, report.detail);
  switch (report.reason) {
    case 'conflict': {
      const conflicts = task.conflicts + 1;
      const max = board.config.policies.max_conflicts;
      if (conflicts < max) return { to: 'open', conflicts, attachment: note('conflict') };
      const reason = `${conflicts} conflicts in a row: a person has to look`;
      return { to: 'blocked', conflicts, attachment: note('conflict'), reason };
    }
    case 'gate': {
      const gate = report.evidence?.find(({ status }) => status === 'red')?.gate ?? 'a gate';
      return {
        ...afterAttempt(board, task, grant.fence, now, `${gate} is red`),
        attachment: note('gate'),
      };
    }
    case 'empty':
      if (task.expects !== 'change') {
        return {
          to: 'closed',
          outcome: 'no_change',
          closing: {
            how: 'reported',
            by: task.submission?.agent ?? from,
            at: now,
            note: 'the lane held the change already',
          },
        };
      }
      return {
        ...afterAttempt(board, task, grant.fence, now, 'the lane holds this change already', 'no_change'),
        attachment: note('failure'),
      };
    case 'bundle_missing':
    case 'bundle_damaged': {
      const losses = task.losses + 1;
      const reason = clip(`the submission could not be taken in: ${report.detail}`, 1000);
      // One that ends its committers is not worked on again by itself: the next change would do the same.
      const { max_losses } = board.config.policies;
      const to = losses >= max_losses || committersLost(board, task) >= max_losses ? 'failed' : 'open';
      return { to, losses, attachment: note('bundle'), ...(to === 'failed' ? { reason } : {}) };
    }
    case 'drained':
    case 'lane_moved':
      throw new Error(`${report.reason} keeps the submission`);
    default:
      return assertNever(report.reason);
  }
}

/** What an operator asked for while the committer worked; the last of cancel, close and retry holds. */
function deferredEnd(task: Task, now: number): EndFields | undefined {
  const wish = task.deferred?.findLast(({ verb }) => verb !== 'edit');
  switch (wish?.verb) {
    case undefined:
    case 'edit':
      return undefined;
    case 'cancel':
      return { to: 'cancelled', ...(wish?.reason === undefined ? {} : { reason: wish.reason }) };
    case 'close': {
      const note = wish?.reason ?? 'closed without change';
      return { to: 'closed', closing: { how: 'operator', by: wish?.by ?? task.created_by, at: now, note } };
    }
    case 'retry':
      return { to: 'open', attempts: 0, losses: 0, conflicts: 0 };
    default:
      return assertNever(wish?.verb as never);
  }
}

function deferredEdits(task: Task): EventOf<'task_edited'>[] {
  return (task.deferred ?? []).flatMap(({ verb, by, patch }): EventOf<'task_edited'>[] =>
    verb === 'edit' && patch !== undefined ? [{ type: 'task_edited', task: task.id, by, patch }] : [],
  );
}
