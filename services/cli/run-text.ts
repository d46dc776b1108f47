/**
 * Runs as people read them: a table of many, the whole of one; and as records for machines. Pure.
 */
import type { Checkpoint, RunRecord } from '../../schemas/index.ts';
import { formatAge, formatAgo } from './ages.ts';
import { eventLine, eventRecord, type JournalEvent } from './event-words.ts';
import { noPaint, type Paint } from './paint.ts';
import { singleLine } from './printable.ts';
import { type Noted, notedFields, notedParts } from './run-note.ts';
import { formatTable } from './table.ts';
import { iso } from './tracker-record.ts';
import { totalTokenText } from './usage-words.ts';

/** How it ended, in one word; `live` while it goes on. */
export function endText({ ended_at, why, outcome }: RunRecord): string {
  if (ended_at === undefined) return 'live';
  return outcome ?? why ?? 'ended';
}

const right = (title: string) => ({ title, align: 'right' as const });
const COLUMNS = [
  right('FENCE'),
  'TASK',
  'KIND',
  'AGENT',
  'PROFILE',
  'END',
  right('TOOK'),
  right('TOKENS'),
  'BEGAN',
  'COMMIT',
  'RUN',
];

/** A line a run. `now` in milliseconds since the epoch. */
export function runTable(runs: readonly RunRecord[], now: number, paint: Paint = noPaint): string {
  const rows = runs.map((run) => {
    const { fence, task, kind, agent, profile, usage, granted_at, ended_at, commit } = run;
    const took = formatAge((ended_at ?? now) - granted_at);
    return [
      fence,
      task,
      kind,
      agent,
      profile,
      endText(run),
      took,
      totalTokenText(usage),
      formatAgo(now - granted_at),
      commit?.slice(0, 12),
      run.run,
    ];
  });
  return formatTable(COLUMNS, rows, paint);
}

/** With times as ISO with `Z`. */
export function runRecord({ granted_at, ended_at, ...run }: RunRecord): object {
  return {
    ...run,
    granted_at: iso(granted_at),
    ...(ended_at === undefined ? {} : { ended_at: iso(ended_at) }),
  };
}

/** A run with what is known around it. */
export interface WholeRun {
  readonly run: RunRecord;
  readonly noted: Noted;
  readonly checkpoint?: Checkpoint;
  /** Of its grant, oldest first. */
  readonly events: readonly JournalEvent[];
  /** False when older events are out of reach. */
  readonly isWhole: boolean;
  /** Where its output can be read: a command. */
  readonly log: string;
  /** Its folder and its agent's ledger, where they are on this machine. */
  readonly folder?: string;
  readonly ledger?: string;
}

/** For machines. */
export function wholeRunRecord(whole: WholeRun): object {
  const { run, noted, checkpoint, events, isWhole, log, folder, ledger } = whole;
  return {
    ...runRecord(run),
    ...noted,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    log,
    ...(folder === undefined ? {} : { folder }),
    ...(ledger === undefined ? {} : { ledger }),
    events: events.map(eventRecord),
    events_whole: isWhole,
  };
}

/** Everything about one run. `now` in milliseconds since the epoch. */
export function wholeRunText(whole: WholeRun, now: number, paint: Paint = noPaint): string {
  const { run, noted, checkpoint, events, isWhole, log, folder, ledger } = whole;
  const end = run.ended_at;
  const fields: (readonly [string, string | undefined])[] = [
    ['task', run.task],
    ['kind', run.kind],
    ['fence', String(run.fence)],
    ['agent', run.agent],
    ...notedFields(run, noted),
    ['began', `${iso(run.granted_at)}, ${formatAgo(now - run.granted_at)}`],
    ['ended', end === undefined ? 'not yet' : `${iso(end)}, after ${formatAge(end - run.granted_at)}`],
    ['end', end === undefined ? undefined : endWords(run)],
    ['commit', run.commit],
    ['checkpoints', run.checkpoints === 0 ? undefined : checkpointWords(run.checkpoints, checkpoint)],
    ['log', log],
    ['folder', folder],
    ['ledger', ledger],
  ];
  const shown = fields.filter((field): field is readonly [string, string] => field[1] !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  const lines = shown.map(([name, value]) => `${name.padEnd(width)}  ${singleLine(value)}`);
  const parts = [`${paint('bold', run.run)}`, lines.join('\n'), ...notedParts(run, noted, paint)];
  const cut = isWhole ? '' : ' (older ones are out of reach)';
  if (events.length > 0) {
    const told = events.map((one) => `  ${eventLine(one, paint)}`).join('\n');
    parts.push(`${paint('bold', 'events')}${cut}\n${told}`);
  }
  return `${parts.join('\n\n')}\n`;
}

function endWords({ why, outcome, to, reason }: RunRecord): string {
  const how = [why, outcome].filter((word, at, all) => word !== undefined && all.indexOf(word) === at);
  const where = to === undefined ? '' : ` -> ${to}`;
  return `${how.join(', ')}${where}${reason === undefined ? '' : `: ${reason}`}`;
}

function checkpointWords(count: number, checkpoint: Checkpoint | undefined): string {
  if (checkpoint === undefined) return String(count);
  const { number, head, file } = checkpoint;
  return `${count}, the newest is number ${number}: ${head.slice(0, 12)} in file ${file.sha256.slice(0, 12)} of ${file.owner}`;
}
