/**
 * Says which rule holds a task back, in the order in which the scheduler asks. Reads only; may walk more than
 * a claim would.
 */
import type { Reason, Task } from '../../schemas/index.ts';
import { assertNever } from '../errors.ts';
import { explainProfiles, explainProject, remarkOnProfiles } from './explain-profiles.ts';
import { dueAt, heldAncestor } from './readiness.ts';
import { capObstacle, laneObstacle, type Obstacle, overlapping, scopeHolder } from './schedule.ts';
import type { Board } from './state.ts';

/** Never empty: a task that nothing holds back says so. `now` in milliseconds since the epoch. */
export function explain(board: Board, task: Task, now: number): Reason[] {
  switch (task.state) {
    case 'open':
      return explainOpen(board, task, now);
    case 'claimed':
    case 'committing': {
      const grant = task.grant;
      const who = grant === undefined ? 'somebody' : `${grant.agent} (${grant.kind}, fence ${grant.fence})`;
      return [{ rule: task.state, message: `${task.state} by ${who}${wishes(task)}` }];
    }
    case 'submitted':
      return [explainSubmitted(board, task)];
    case 'blocked':
      return [
        {
          rule: 'blocked',
          message: task.blocked_reason ?? 'blocked',
          ...(task.blocked_on === undefined ? {} : { tasks: [task.blocked_on] }),
        },
      ];
    case 'closed': {
      const closing = task.closing;
      const how =
        closing?.commit === undefined ? (closing?.note ?? 'without change') : `commit ${closing.commit}`;
      return [{ rule: 'closed', message: `closed by ${closing?.by ?? 'somebody'}: ${how}` }];
    }
    case 'failed':
      return [{ rule: 'failed', message: task.blocked_reason ?? 'failed' }];
    case 'cancelled':
      return [{ rule: 'cancelled', message: 'cancelled by an operator' }];
    default:
      return assertNever(task.state);
  }
}

function wishes(task: Task): string {
  const verbs = task.deferred?.map(({ verb }) => verb).join(', ');
  return verbs === undefined ? '' : `; asked meanwhile: ${verbs}`;
}

function explainSubmitted(board: Board, task: Task): Reason {
  const lane = task.lane ?? '';
  const record = board.lanes.get(lane);
  const held = laneObstacle(board, lane);
  if (held !== undefined) return { rule: held, message: laneMessage(board, lane, held) };
  if (record?.unresolved !== undefined && record.unresolved !== task.id) {
    return {
      rule: 'lane-busy',
      message: `lane ${lane}: ${record.unresolved} is being committed; commits in a lane are serial`,
      tasks: [record.unresolved],
    };
  }
  // An unresolved one goes first, wherever it stands.
  const ahead = record?.unresolved === task.id ? 0 : [...(record?.waiting ?? [])].indexOf(task.id);
  return {
    rule: 'commit-queue',
    message: `waits for a committer of lane ${lane}; ${ahead} before it${wishes(task)}`,
  };
}

function explainOpen(board: Board, task: Task, now: number): Reason[] {
  const reasons: Reason[] = [];
  const waitsFor = task.deps.filter((dep) => board.tasks.get(dep)?.state !== 'closed');
  if (waitsFor.length > 0) {
    const shown = waitsFor.slice(0, 10).map((dep) => `${dep} (${board.tasks.get(dep)?.state ?? 'unknown'})`);
    const more = waitsFor.length > 10 ? ` and ${waitsFor.length - 10} more` : '';
    reasons.push({
      rule: 'deps',
      message: `waits for ${shown.join(', ')}${more}`,
      tasks: waitsFor.slice(0, 1000),
    });
  }
  const ancestor = heldAncestor(board, task);
  if (ancestor !== undefined) {
    reasons.push({
      rule: 'ancestor',
      message: `lies below ${ancestor.id}, which is held back`,
      tasks: [ancestor.id],
    });
  }
  if (dueAt(task) > now) {
    const seconds = Math.ceil((dueAt(task) - now) / 1000);
    const why =
      (task.retry_at ?? 0) >= (task.not_before ?? 0) ? 'backs off after a failed try' : 'has a not_before';
    reasons.push({ rule: 'not-before', message: `${why}: ${seconds} s to go` });
  }
  const held = laneObstacle(board, task.lane);
  if (held !== undefined) reasons.push({ rule: held, message: laneMessage(board, task.lane ?? '', held) });
  const cap = capObstacle(board, { lane: task.lane, heavy: task.heavy ?? false });
  if (cap !== undefined) reasons.push({ rule: cap, message: `${cap.replace('-', ' ')} is reached` });
  // A cap on the profile says nothing more where another cap is reached.
  const waits = explainProfiles(board, task, now).filter(
    ({ rule }) => cap === undefined || rule !== 'cap-profile',
  );
  reasons.push(...explainProject(board, now), ...waits);
  const holder = scopeHolder(board, task.id);
  if (holder !== undefined) {
    reasons.push({
      rule: 'paths',
      message: `its paths overlap those of ${holder}, which is under way`,
      tasks: [holder],
    });
  }
  if (reasons.length > 0) return reasons;
  const needs = Object.entries(task.requires ?? {}).map(([key, value]) => `${key}=${String(value)}`);
  const who = needs.length === 0 ? 'any worker' : `a worker with ${needs.join(', ')}`;
  const near = overlapping(board, task.id);
  const warning = near === undefined ? '' : ` (its paths overlap those of ${near}, which is under way)`;
  const remark = remarkOnProfiles(board, task, now);
  return [{ rule: 'ready', message: `nothing holds it back: it waits for ${who}${warning}${remark}` }];
}

function laneMessage(board: Board, lane: string, obstacle: Obstacle): string {
  if (obstacle === 'lane-unopened') return `no committer has opened lane ${lane} yet`;
  const record = board.lanes.get(lane);
  return (
    `lane ${lane} was moved by somebody else: expected ${record?.tip ?? '?'}, found ${record?.moved_to ?? '?'}; ` +
    `look at it, then \`waggle lane adopt ${lane} ${record?.moved_to ?? 'COMMIT'}\``
  );
}
