/**
 * Tasks as people read them: a table of many, the whole of one. Pure.
 */
import type { TaskView } from '../../schemas/index.ts';
import { formatAge, formatAgo } from './ages.ts';
import { eventWords, type JournalEvent } from './event-words.ts';
import { type Colour, noPaint, type Paint } from './paint.ts';
import { printable, singleLine } from './printable.ts';
import { formatTable } from './table.ts';
import { iso } from './tracker-record.ts';

interface TextOptions {
  /** Milliseconds since the epoch, for ages. */
  readonly now: number;
  readonly paint?: Paint;
}

/** One line a task. */
export function taskTable(views: readonly TaskView[], { now, paint }: TextOptions): string {
  const rows = views.map((view) => {
    const { id, priority, lane, updated_at, grant, title } = view.task;
    return [id, priority, stateText(view), grant?.agent, lane, formatAge(now - updated_at), title];
  });
  const columns = [
    'ID',
    'PRIO',
    'STATE',
    'AGENT',
    'LANE',
    { title: 'AGE', align: 'right' as const },
    'TITLE',
  ];
  return formatTable(columns, rows, paint);
}

/** `ready` for an open task that nothing holds back, else its state. */
function stateText({ task, ready }: TaskView): string {
  return ready ? 'ready' : task.state;
}

const colours: Partial<Record<string, Colour>> = {
  ready: 'green',
  claimed: 'cyan',
  submitted: 'cyan',
  committing: 'cyan',
  blocked: 'yellow',
  failed: 'red',
};

/** Everything about one task, its events at the end. */
export function taskText(
  { task, ready, blocked_by }: TaskView,
  events: readonly JournalEvent[],
  { now, paint = noPaint }: TextOptions,
): string {
  const { grant, submission, closing, requires } = task;
  const ago = (at: number) => formatAgo(now - at);
  const short = (commit: string) => commit.slice(0, 12);
  const state = stateText({ task, ready, blocked_by });
  const colour = colours[state];
  const fields: (readonly [string, string | undefined])[] = [
    ['state', colour === undefined ? state : paint(colour, state)],
    ['priority', task.priority],
    ['lane', task.lane],
    ['expects', task.expects],
    ['labels', listed(task.labels)],
    ['parent', task.parent],
    ['deps', listed(task.deps.map((dep) => (blocked_by.includes(dep) ? `${dep} (not closed)` : dep)))],
    ['paths', listed(task.paths)],
    ['gates', listed(task.gates)],
    [
      'requires',
      requires && listed(Object.entries(requires).map(([key, value]) => `${key}=${String(value)}`)),
    ],
    ['heavy', task.heavy === true ? 'yes' : undefined],
    ['not before', task.not_before === undefined ? undefined : time(task.not_before)],
    ['tries', tries(task)],
    [
      'grant',
      grant &&
        `${grant.kind} by ${grant.agent}, fence ${grant.fence}, run ${grant.run}, ${ago(grant.granted_at)}`,
    ],
    [
      'submission',
      submission &&
        `${short(submission.base)}..${short(submission.head)} by ${submission.agent}, run ${submission.run}, ${ago(submission.submitted_at)}`,
    ],
    ['blocked', task.blocked_reason],
    [
      'asked',
      listed((task.deferred ?? []).map(({ verb, by, reason }) => `${verb} by ${by}${because(reason)}`)),
    ],
    [
      'closed',
      closing &&
        `${closing.how} by ${closing.by}, ${closing.commit ?? 'without change'}${because(closing.note)}`,
    ],
    ['added', `${time(task.created_at)} by ${task.created_by}`],
    ['changed', `${time(task.updated_at)}, revision ${task.revision}`],
    ['note', task.note],
  ];
  const shown = fields.filter((field): field is readonly [string, string] => field[1] !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  const lines = shown.map(
    ([name, value]) => `${name.padEnd(width)}  ${name === 'state' ? value : singleLine(value)}`,
  );
  const parts = [`${paint('bold', task.id)}  ${singleLine(task.title)}`, lines.join('\n')];
  if (task.body !== undefined) parts.push(printable(task.body).trimEnd());
  for (const { kind, at, text, fence } of task.attachments) {
    const whose = fence === undefined ? '' : `, fence ${fence}`;
    parts.push(`${paint('bold', `${kind}`)} (${time(at)}${whose})\n${indented(text)}`);
  }
  if (events.length > 0) parts.push(`${paint('bold', 'events')}\n${events.map(eventLine).join('\n')}`);
  return `${parts.join('\n\n')}\n`;
}

/** One event as one line: when, what, by whom. */
function eventLine({ at, event }: JournalEvent): string {
  const words = [time(at), event.type.replaceAll('_', ' '), ...eventWords(event)];
  return `  ${singleLine(words.join('  '))}`;
}

function tries({ attempts, losses, conflicts, max_attempts }: TaskView['task']): string | undefined {
  if (attempts + losses + conflicts === 0 && max_attempts === undefined) return undefined;
  const bound = max_attempts === undefined ? '' : ` of ${max_attempts}`;
  return `${attempts}${bound} failed, ${losses} lost, ${conflicts} conflicts`;
}

const listed = (entries: readonly string[]): string | undefined =>
  entries.length === 0 ? undefined : entries.join(', ');
const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`);
const time = (at: number): string => iso(at).replace(/\.\d+Z$/, 'Z');
const indented = (text: string): string =>
  printable(text)
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
