/**
 * What a replay of the tracker's log came to, as JSON and as a table. Pure.
 */
import type { ReadingReport } from '../../shared/tracker-log/reading.ts';
import type { Violations } from '../../shared/tracker-log/referee.ts';
import type { ActionRow, ReplayResult } from '../../shared/tracker-log/replay-tally.ts';
import type { Paint } from './paint.ts';
import { readingLines } from './reading-text.ts';
import { formatTable } from './table.ts';
import { iso } from './tracker-record.ts';

/** The answer with `--json`. */
export function replayRecord(file: string, result: ReplayResult, reading: ReadingReport): object {
  const { from, to, ...rest } = result;
  return {
    file,
    ...(from === undefined ? {} : { from: iso(from) }),
    ...(to === undefined ? {} : { to: iso(to) }),
    ...rest,
    reading,
  };
}

/** The answer for people. */
export function replayText(file: string, result: ReplayResult, reading: ReadingReport, paint: Paint): string {
  const { in_log: log, violations } = result;
  const table = formatTable(
    [
      'IN THE LOG',
      right('TIMES'),
      right('ACCEPTED'),
      right('SO ALREADY'),
      right('REFUSED'),
      'REFUSED BECAUSE',
    ],
    result.actions.map((row) => [
      actionWords(row),
      row.in_log,
      row.accepted,
      row.repeated,
      row.refused,
      reasonWords(row.reasons),
    ]),
    paint,
  );
  const span =
    result.from === undefined || result.to === undefined ? '' : `, ${iso(result.from)} to ${iso(result.to)}`;
  return [
    `${file}: ${reading.events} events, ${result.tasks} tasks, ${result.actors} actors${span}`,
    ...readingLines(reading),
    '',
    `in the log: ${log.starts} starts, ${log.starts_of_held} of a task that another actor had (${log.starts_within_60s} within 60 s of the start before, ${log.early_takeovers} before 45m of silence), ${log.starts_of_closed} of a closed task, ${log.starts_of_blocked} of a blocked one; ${log.closes} closes, ${log.closes_again} of a closed task, ${log.foreign_closes} by another than the starter, ${log.closes_not_started} of a task that nobody had`,
    '',
    table.trimEnd(),
    '',
    `refused: ${reasonWords(result.reasons) || 'nothing'}; takeovers: ${result.takeovers}`,
    verdictLine(violations),
  ].join('\n');
}

/** How many times the board let happen what it should not. */
export const violationsOf = (violations: Readonly<Violations>): number =>
  Object.values(violations).reduce((sum, count) => sum + count, 0);

function verdictLine(violations: Readonly<Violations>): string {
  const words = [
    `double owners ${violations.double_owners}`,
    `early takeovers ${violations.early_takeovers}`,
    `closes of a task that another had ${violations.foreign_closes}`,
    `starts of closed tasks ${violations.starts_of_closed}`,
    `starts of blocked tasks ${violations.starts_of_blocked}`,
  ];
  return `let happen by the board: ${words.join(', ')}`;
}

const right = (title: string) => ({ title, align: 'right' as const });

const reasonWords = (reasons: Readonly<Record<string, number>>): string =>
  Object.entries(reasons)
    .sort(([, one], [, other]) => other - one)
    .map(([code, count]) => `${code} ${count}`)
    .join(', ');

const words: Readonly<Record<string, string>> = {
  'create/task': 'create',
  'start/closed': 'start a closed task',
  'start/held-early': 'start what another had, silent < 45m',
  'start/held-late': 'start what another had, silent 45m or more',
  'start/own': 'start what one had',
  'start/blocked': 'start a blocked task',
  'start/open': 'start an open task',
  'start/no-task': 'start a task that is not there',
  'close/again': 'close a closed task',
  'close/foreign': 'close what another had',
  'close/own': 'close what one had',
  'close/not-started': 'close what nobody had',
  'close/no-task': 'close a task that is not there',
  'block/task': 'let a task wait for another',
  'unblock/task': 'let it wait no more',
  'parent/task': 'change the parent',
  'delete/task': 'delete',
};

const actionWords = ({ action, conduct }: ActionRow): string =>
  words[`${action}/${conduct}`] ?? `set the ${action} ${conduct}`;
