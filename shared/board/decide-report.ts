/**
 * Decides a report. It counts only while its grant is live and task, fence, run and sender match; the report
 * that ended a grant is remembered with its task, so that a second copy, by claim or by mail, gets the first
 * answer and changes nothing (DESIGN 2.2). `committed`, `bounced` and `lane` count only from committers,
 * `takeover` only from a stale-takeover service.
 */
import type { Event, EventOf, Grant, Report, ReportAnswer, ReportOf, Task } from '../../schemas/index.ts';
import { assertNever } from '../errors.ts';
import { followUps } from './decide-claim.ts';
import { clip, type Decision } from './decision.ts';
import { afterAttempt, attachment, type EndFields, ended, lost } from './grant-end.ts';
import { entryOf } from './lookup.ts';
import { type Board, roleOf } from './state.ts';

export interface ReportInput {
  readonly from: string;
  readonly report: Report;
}

type Reports = Exclude<Report, { kind: 'lane' | 'takeover' }>;

const no = (report: Report, code: string, message: string): Decision<ReportAnswer> => ({
  events: [],
  answer: { id: report.id, status: 'refused', code, message },
});
const yes = (report: Report, events: readonly Event[]): Decision<ReportAnswer> => ({
  events,
  answer: { id: report.id, status: 'accepted' },
});

export function decideReport(
  board: Board,
  { from, report }: ReportInput,
  now: number,
): Decision<ReportAnswer> {
  if (report.kind === 'lane') return laneTip(board, from, report);
  const task = board.tasks.get(report.task);
  if (task === undefined) return no(report, 'unknown-task', `there is no task ${report.task}`);
  const grant = task.grant;
  if (grant === undefined || grant.fence !== report.fence || grant.run !== report.run) {
    if (task.last_end?.report === report.id) return yes(report, []);
    return no(report, 'fenced', fencedMessage(task, report.fence));
  }
  if (report.kind === 'takeover') return takeover(board, from, task, grant, report, now);
  if (grant.agent !== from) {
    return no(
      report,
      'not-yours',
      `fence ${grant.fence} of ${task.id} belongs to ${grant.agent}, not to ${from}`,
    );
  }
  const isCommitReport = report.kind === 'committed' || report.kind === 'bounced';
  if (isCommitReport !== (grant.kind === 'commit')) {
    return no(report, 'wrong-kind', `a ${grant.kind} grant does not end with a ${report.kind} report`);
  }
  if (isCommitReport && roleOf(board, from) !== 'committer') {
    return no(
      report,
      'wrong-role',
      `${from} has the role ${roleOf(board, from)}; only committers speak of commits`,
    );
  }
  return decideOwn(board, from, task, grant, report, now);
}

function fencedMessage(task: Task, fence: number): string {
  const end = task.last_end;
  const how =
    end !== undefined && end.fence === fence ? `it ended by ${end.why}` : `the task is ${task.state}`;
  const live = task.grant === undefined ? '' : `; fence ${task.grant.fence} is live`;
  return `fence ${fence} of ${task.id} is not live: ${how}${live}`;
}

function decideOwn(
  board: Board,
  from: string,
  task: Task,
  grant: Grant,
  report: Reports,
  now: number,
): Decision<ReportAnswer> {
  const finish = (
    why: Exclude<Reports['kind'], 'progress'>,
    fields: EndFields,
    more: readonly Event[] = [],
  ) => {
    const event = ended(task, grant, why, fields, report.id);
    return yes(report, [event, ...more, ...followUps(board, event)]);
  };
  switch (report.kind) {
    case 'progress':
      return yes(report, [
        { type: 'progressed', task: task.id, fence: grant.fence, agent: from, note: report.note },
      ]);
    case 'submitted':
      if (task.lane === undefined) return no(report, 'no-lane', `${task.id} has no lane to commit to`);
      return finish('submitted', {
        to: 'submitted',
        outcome: 'completed',
        submission: {
          run: grant.run,
          fence: grant.fence,
          agent: from,
          base: report.base,
          head: report.head,
          bundle: report.bundle,
          ...(report.message === undefined ? {} : { message: report.message }),
          submitted_at: now,
          unresolved: false,
        },
      });
    case 'done':
      return finish('done', doneFields(board, task, grant, from, report, now));
    case 'blocked':
      return finish('blocked', { to: 'blocked', outcome: report.outcome, reason: report.reason });
    case 'failed':
      return finish('failed', failedFields(board, task, grant, report, now));
    case 'released':
      return finish('released', {
        to: 'open',
        ...(report.checkpoint === undefined ? {} : { checkpoint: report.checkpoint }),
      });
    case 'committed':
      return committed(board, from, task, grant, report, now);
    case 'bounced':
      return bounced(board, from, task, grant, report, now);
    default:
      return assertNever(report);
  }
}

function doneFields(
  board: Board,
  task: Task,
  grant: Grant,
  from: string,
  report: ReportOf<'done'>,
  now: number,
): EndFields {
  if (task.expects === 'change') {
    const reason = 'the run ended without a change, and the task expects one';
    const note = attachment('failure', grant.fence, now, reason);
    return { ...afterAttempt(board, task, grant.fence, now, reason, 'no_change'), attachment: note };
  }
  // The last result of a gate counts: an earlier run of it may have had another.
  const results = new Map(report.evidence?.map(({ gate, status }) => [gate, status]));
  const missing = task.gates.filter((gate) => results.get(gate) !== 'green');
  if (missing.length > 0) {
    const reason = `required gates are not green: ${missing.join(', ')}`;
    const tail = report.evidence?.findLast(({ gate }) => gate === missing[0])?.tail ?? '';
    const note = attachment('gate', grant.fence, now, `${reason}\n${tail}`);
    return { ...afterAttempt(board, task, grant.fence, now, reason), attachment: note };
  }
  return {
    to: 'closed',
    outcome: report.outcome,
    closing: {
      how: 'reported',
      by: from,
      at: now,
      ...(report.note === undefined ? {} : { note: clip(report.note, 1000) || 'done' }),
      ...(report.evidence === undefined ? {} : { evidence: report.evidence }),
    },
  };
}

/** Rate limits, auth failures, kills by an operator and lost rights count nothing (DESIGN 4). */
function failedFields(
  board: Board,
  task: Task,
  grant: Grant,
  report: ReportOf<'failed'>,
  now: number,
): EndFields {
  const { outcome, reason } = report;
  const text = report.tail === undefined ? reason : `${reason}\n${report.tail}`;
  const note = attachment('failure', grant.fence, now, text);
  switch (outcome) {
    case 'rate_limited':
    case 'auth_failed':
      return {
        to: 'open',
        outcome,
        retry_at: Math.max(report.retry_at ?? now + board.config.policies.backoff_max_ms, now),
        attachment: note,
      };
    case 'killed':
    case 'fenced':
      return { to: 'open', outcome, attachment: note };
    default:
      return { ...afterAttempt(board, task, grant.fence, now, reason, outcome), attachment: note };
  }
}

function takeover(
  board: Board,
  from: string,
  task: Task,
  grant: Grant,
  report: ReportOf<'takeover'>,
  now: number,
): Decision<ReportAnswer> {
  if (roleOf(board, from) !== 'stale-takeover') {
    return no(
      report,
      'wrong-role',
      `${from} has the role ${roleOf(board, from)}; only stale-takeover may take tasks`,
    );
  }
  if (grant.kind === 'manual') return no(report, 'manual', `${task.id} is held by hand; a person ends that`);
  const event = lost(board, task, grant, 'takeover', now, `${grant.agent} was ${report.reason}`, report.id);
  return yes(report, [event, ...followUps(board, event)]);
}

function laneTip(board: Board, from: string, report: ReportOf<'lane'>): Decision<ReportAnswer> {
  if (roleOf(board, from) !== 'committer') {
    return no(
      report,
      'wrong-role',
      `${from} has the role ${roleOf(board, from)}; only committers speak of lanes`,
    );
  }
  const lane = board.lanes.get(report.lane);
  if (lane === undefined || entryOf(board.config.lanes, report.lane) === undefined) {
    return no(report, 'unknown-lane', `there is no lane ${report.lane}`);
  }
  if (lane.tip === report.tip) return yes(report, []);
  if (lane.tip === undefined) {
    return yes(report, [{ type: 'lane_tip', lane: report.lane, tip: report.tip, by: from }]);
  }
  // A committer may have died between moving the branch and saying so: the look-up tells, not the tip.
  if (lane.unresolved !== undefined || lane.moved_to === report.tip) return yes(report, []);
  return yes(report, [
    { type: 'lane_moved', lane: report.lane, expected: lane.tip, found: report.tip, by: from },
  ]);
}

function committed(
  board: Board,
  from: string,
  task: Task,
  grant: Grant,
  report: ReportOf<'committed'>,
  now: number,
): Decision<ReportAnswer> {
  if (report.lane !== task.lane) return no(report, 'wrong-lane', `${task.id} is in lane ${task.lane ?? '-'}`);
  const tip = board.lanes.get(report.lane)?.tip;
  if (tip !== undefined && tip !== report.old) {
    return no(
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
  return yes(report, [
    event,
    { type: 'commit_landed', task: task.id, lane, old, new: report.new, commit, subject, by: from, found },
  ]);
}

function bounced(
  board: Board,
  from: string,
  task: Task,
  grant: Grant,
  report: ReportOf<'bounced'>,
  now: number,
): Decision<ReportAnswer> {
  if (report.lane !== task.lane) return no(report, 'wrong-lane', `${task.id} is in lane ${task.lane ?? '-'}`);
  const end = (fields: EndFields, before: readonly Event[] = []): Decision<ReportAnswer> => {
    const event = ended(task, grant, 'bounced', fields, report.id);
    return yes(report, [...before, event, ...followUps(board, event)]);
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
  return end(bounceFields(board, edited, grant, report, from, now), before);
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
      const reason = clip(`the submission could not be read: ${report.detail}`, 1000);
      const to = losses >= board.config.policies.max_losses ? 'failed' : 'open';
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
