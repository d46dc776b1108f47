/**
 * Decides a report. It counts only while its grant is live and task, fence, run and sender match; the report
 * that ended a grant is remembered with its task and its run, so that a second copy, by claim or by mail, gets the
 * first answer and changes nothing, whatever became of the task meanwhile (DESIGN 2.2). `committed`, `bounced` and
 * `lane` count only from committers, `takeover` and `stale` only from a stale-takeover service.
 */
import type { Grant, Report, ReportAnswer, ReportOf, Task, Usage } from '../../schemas/index.ts';
import { assertNever } from '../errors.ts';
import { liveCheckpoint, rescue } from './decide-checkpoint.ts';
import { followUps } from './decide-claim.ts';
import { bounced, committed } from './decide-commit.ts';
import { lateUsage } from './decide-late-usage.ts';
import { isOfProfile, isTold, restUntil, toldOf } from './decide-run-end.ts';
import { type LifeSign, stale, takeover } from './decide-watch.ts';
import { accepted, clip, type Decision, declined } from './decision.ts';
import { afterAttempt, attachment, type EndFields, ended, inBudget, isSpent } from './grant-end.ts';
import { entryOf } from './lookup.ts';
import { isEndedBy } from './run-records.ts';
import { type Board, roleOf } from './state.ts';

export interface ReportInput {
  readonly from: string;
  readonly report: Report;
  /** What the leader itself heard of the report's fence; of nobody else's reports is it asked. */
  readonly sign?: LifeSign;
}

type Reports = Exclude<Report, { kind: 'lane' | 'takeover' | 'stale' | 'checkpoint' | 'used' }>;

/** What follows from a report, and its answer. */
export function decideReport(
  board: Board,
  { from, report, sign }: ReportInput,
  now: number,
): Decision<ReportAnswer> {
  if (report.kind === 'lane') return laneTip(board, from, report);
  const task = board.tasks.get(report.task);
  if (task === undefined) return declined(report, 'unknown-task', `there is no task ${report.task}`);
  if (report.kind === 'used') return lateUsage(board, from, task, report, now);
  const grant = task.grant;
  if (grant === undefined || grant.fence !== report.fence || grant.run !== report.run) {
    if (task.last_end?.report === report.id || isEndedBy(board.runs, report)) return accepted(report, []);
    const rescued = report.kind === 'checkpoint' ? rescue(board, from, task, report) : undefined;
    if (rescued !== undefined) return rescued;
    return declined(report, 'fenced', fencedMessage(task, report.fence));
  }
  if (report.kind === 'takeover') return takeover(board, from, task, grant, report, now, sign);
  if (report.kind === 'stale') return stale(board, from, task, grant, report, now);
  if (grant.agent !== from) {
    return declined(
      report,
      'not-yours',
      `fence ${grant.fence} of ${task.id} belongs to ${grant.agent}, not to ${from}`,
    );
  }
  if (report.kind === 'checkpoint') return liveCheckpoint(board, from, task, grant, report);
  const isCommitReport = report.kind === 'committed' || report.kind === 'bounced';
  if (isCommitReport !== (grant.kind === 'commit')) {
    return declined(report, 'wrong-kind', `a ${grant.kind} grant does not end with a ${report.kind} report`);
  }
  if (isCommitReport && roleOf(board, from) !== 'committer') {
    return declined(
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
  const told = isTold(report) ? toldOf(board, from, task, grant, report, now) : undefined;
  const finish = (why: Exclude<Reports['kind'], 'progress'>, fields: EndFields) => {
    const kept = grant.kind === 'work' ? inBudget(board, task, fields, told?.more) : fields;
    const event = ended(task, grant, why, kept, report.id);
    const { record = [], after = [] } = told ?? {};
    return accepted(report, [...record, event, ...after, ...followUps(board, event)]);
  };
  switch (report.kind) {
    case 'progress':
      return accepted(report, [
        { type: 'progressed', task: task.id, fence: grant.fence, agent: from, note: report.note },
      ]);
    case 'submitted':
      if (task.lane === undefined) return declined(report, 'no-lane', `${task.id} has no lane to commit to`);
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
      return finish('failed', failedFields(board, task, grant, report, now, told?.more));
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

/** Rate limits, auth failures, kills by an operator, lost rights and used up budgets count nothing (DESIGN 4). */
function failedFields(
  board: Board,
  task: Task,
  grant: Grant,
  report: ReportOf<'failed'>,
  now: number,
  more?: Usage,
): EndFields {
  const { outcome, reason } = report;
  const text = report.tail === undefined ? reason : `${reason}\n${report.tail}`;
  const note = attachment('failure', grant.fence, now, text);
  if (isSpent(board, task, outcome, more)) return { to: 'open', outcome, attachment: note };
  switch (outcome) {
    case 'rate_limited':
    case 'auth_failed':
      // The profile rests, not the task: another one may take it.
      if (isOfProfile(board, grant)) return { to: 'open', outcome, attachment: note };
      return {
        to: 'open',
        outcome,
        retry_at: restUntil(report.retry_at, board.config.policies.backoff_max_ms, now),
        attachment: note,
      };
    case 'killed':
    case 'fenced':
      return { to: 'open', outcome, attachment: note };
    default:
      return { ...afterAttempt(board, task, grant.fence, now, reason, outcome), attachment: note };
  }
}

function laneTip(board: Board, from: string, report: ReportOf<'lane'>): Decision<ReportAnswer> {
  if (roleOf(board, from) !== 'committer') {
    return declined(
      report,
      'wrong-role',
      `${from} has the role ${roleOf(board, from)}; only committers speak of lanes`,
    );
  }
  const lane = board.lanes.get(report.lane);
  if (lane === undefined || entryOf(board.config.lanes, report.lane) === undefined) {
    return declined(report, 'unknown-lane', `there is no lane ${report.lane}`);
  }
  // It was read some time ago: a known tip is newer, and a branch that moved is found by the next commit, fenced.
  if (lane.tip !== undefined) return accepted(report, []);
  const { lane: name, tip, fence_ref: fence = 0 } = report;
  // The repository was another project's before: a commit grant below its fence would never get through.
  const isOutrun = fence >= board.nextFence && board.format >= 2;
  const next = isOutrun ? { next_fence: fence + 1 } : {};
  return accepted(report, [{ type: 'lane_tip', lane: name, tip, by: from, ...next }]);
}
