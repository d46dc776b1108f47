/**
 * The project at a glance, for people and machines. Pure.
 */
import type { QueryAnswerOf, TaskState } from '../../schemas/index.ts';
import { formatAge, formatAgo } from './ages.ts';
import { noPaint, type Paint } from './paint.ts';
import { formatTable } from './table.ts';
import { iso } from './tracker-record.ts';

type Status = QueryAnswerOf<'status'>;

const states: readonly TaskState[] = [
  'open',
  'claimed',
  'submitted',
  'committing',
  'blocked',
  'failed',
  'closed',
  'cancelled',
];

/** A lane as the configuration and the board know it. */
export interface LaneRecord {
  readonly lane: string;
  readonly home?: string;
  readonly branch?: string;
  readonly gates: readonly string[];
  readonly commits: number;
  readonly tip?: string;
  /** Somebody else moved the branch here: the lane is held until an operator adopts it. */
  readonly moved_to?: string;
}

/** Every lane that is configured or has a history, by name. */
export function laneRecords({ lanes, config }: Pick<Status, 'lanes' | 'config'>): LaneRecord[] {
  const names = [...new Set([...Object.keys(config.lanes), ...Object.keys(lanes)])].sort();
  return names.map((lane) => {
    const known = Object.hasOwn(config.lanes, lane) ? config.lanes[lane] : undefined;
    const state = Object.hasOwn(lanes, lane) ? lanes[lane] : undefined;
    return {
      lane,
      ...(known === undefined ? {} : { home: known.home, branch: known.branch }),
      gates: known?.gates ?? [],
      commits: state?.commits ?? 0,
      ...(state?.tip === undefined ? {} : { tip: state.tip }),
      ...(state?.moved_to === undefined ? {} : { moved_to: state.moved_to }),
    };
  });
}

/** The lanes as a table; below it, what an operator has to do about those that are held. */
export function laneTable(lanes: readonly LaneRecord[], paint: Paint = noPaint): string {
  const rows = lanes.map(({ lane, branch, tip, commits, gates, home, moved_to }) => [
    lane,
    branch,
    tip?.slice(0, 12),
    commits,
    gates.join(','),
    moved_to !== undefined ? 'held' : tip === undefined ? 'not opened' : 'open',
    home,
  ]);
  const columns = [
    'LANE',
    'BRANCH',
    'TIP',
    { title: 'COMMITS', align: 'right' as const },
    'GATES',
    'STATE',
    'HOME',
  ];
  const held = lanes.flatMap(({ lane, tip, moved_to }) => {
    if (moved_to === undefined) return [];
    const expected = tip?.slice(0, 12) ?? 'none';
    return `${lane}: somebody moved the branch from ${expected} to ${moved_to}; look at it, then \`waggle lane adopt ${lane}\`\n`;
  });
  return formatTable(columns, rows, paint) + held.join('');
}

/** For machines: times as ISO with `Z`. */
export function statusRecord(status: Status): object {
  const { project, leader, term, journal_seq, mail_seq, started_at, waiting, grants, refused } = status;
  return {
    project,
    leader,
    term,
    started_at: iso(started_at),
    journal_seq,
    mail_seq,
    format: status.format,
    ...(status.snapshot_seq === undefined ? {} : { snapshot_seq: status.snapshot_seq }),
    states: status.states,
    ready: status.ready,
    total: status.total,
    waiting,
    grants: grants.map(({ granted_at, ...grant }) => ({ ...grant, granted_at: iso(granted_at) })),
    lanes: laneRecords(status),
    refused,
  };
}

/** `now` in milliseconds since the epoch. `remarks`: lines about what somebody may have to look after. */
export function statusText(
  status: Status,
  now: number,
  paint: Paint = noPaint,
  remarks: readonly string[] = [],
): string {
  const { project, leader, term, started_at, total, ready, waiting, grants, refused } = status;
  const byState = states.flatMap((state) => {
    const count = status.states[state] ?? 0;
    if (count === 0) return [];
    return state === 'open' ? `${count} open (${ready} ready)` : `${count} ${state}`;
  });
  const refusals = Object.entries(refused).map(([what, count]) => `${count} ${what}`);
  const head = [
    `${paint('bold', project)}  led by ${leader} (term ${term}) since ${formatAgo(now - started_at)}`,
    `tasks: ${total === 0 ? 'none' : byState.join(', ')}`,
    `waiting: ${counted(waiting.task, 'worker')}, ${counted(waiting.commit, 'committer')}`,
    ...(refusals.length === 0 ? [] : [`refused messages: ${refusals.join(', ')}`]),
    ...remarks,
  ];
  const rows = grants.map(({ task, kind, agent, fence, granted_at }) => [
    task,
    kind,
    agent,
    fence,
    formatAge(now - granted_at),
  ]);
  const right = (title: string) => ({ title, align: 'right' as const });
  const parts = [
    `${head.join('\n')}\n`,
    formatTable(['TASK', 'GRANT', 'AGENT', right('FENCE'), right('AGE')], rows, paint),
    laneTable(laneRecords(status), paint),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
