/**
 * What an import of the tracker's log came to, as JSON and for people. Pure.
 */
import type { ReadingReport } from '../../shared/tracker-log/reading.ts';
import type { TrackerRecords } from '../../shared/tracker-log/records.ts';
import type { ImportedTask, ImportPlan } from '../../shared/tracker-log/specs.ts';
import { singleLine } from './printable.ts';
import { counted, readingLines } from './reading-text.ts';
import type { Imported } from './tracker-import.ts';

export interface ImportAnswer {
  readonly file: string;
  readonly plan: ImportPlan;
  readonly imported: Imported;
  readonly fold: ReturnType<TrackerRecords['report']>;
  readonly reading: ReadingReport;
  readonly isDryRun: boolean;
}

/** The answer with `--json`. */
export function importRecord(answer: ImportAnswer): object {
  const { file, plan, imported, fold, reading, isDryRun } = answer;
  return {
    file,
    ...(isDryRun ? { dry_run: true } : {}),
    tasks: plan.tasks.length,
    added: imported.added.length,
    already_there: imported.already,
    closed: imported.closed,
    left_open: imported.left_open,
    came_open: underWay(plan).map(({ spec, status, starter }) => ({
      id: spec.id,
      status,
      ...(starter === undefined ? {} : { by: starter }),
    })),
    dropped_links: plan.dropped,
    bad_ids: plan.bad_ids,
    ...fold,
    reading,
  };
}

/** The answer for people. */
export function importText(answer: ImportAnswer): string {
  const { file, plan, imported, fold, reading, isDryRun } = answer;
  const verb = isDryRun ? 'would be added' : 'added';
  const { added, already, closed } = imported;
  const held = underWay(plan);
  return [
    `${file}: ${counted(plan.tasks.length, 'task')} in ${counted(reading.events, 'event')}; ${added.length} ${verb}, ${already} on the board before; ${closed} of them ${isDryRun ? 'would be ' : ''}closed`,
    ...(held.length === 0
      ? []
      : [
          `open here, because nobody here has them: ${some(held.map(({ spec, status }) => `${spec.id} (${singleLine(status)})`))}`,
        ]),
    ...imported.left_open.map(
      ({ id, why }) => `${id} is closed in the log and stays as it is: ${singleLine(why)}`,
    ),
    ...(plan.dropped.length === 0
      ? []
      : [`links left out (to tasks that are gone, or in a circle): ${some(plan.dropped)}`]),
    ...(plan.bad_ids.length === 0
      ? []
      : [
          `left out, because their ids cannot be ids here or come twice: ${some(plan.bad_ids.map(singleLine))}`,
        ]),
    ...(fold.duplicate_creates === 0
      ? []
      : [`created more than once, the first one counts: ${some(fold.created_twice.map(singleLine))}`]),
    ...(fold.strays === 0
      ? []
      : [`${counted(fold.strays, 'event')} of tasks that are not there were left out`]),
    ...readingLines(reading),
  ].join('\n');
}

/** In progress, or in a status of somebody's own making. */
const underWay = ({ tasks }: ImportPlan): ImportedTask[] =>
  tasks.filter(({ status }) => status !== 'open' && status !== 'closed');

const SHOWN = 8;

function some(words: readonly string[]): string {
  const more = words.length > SHOWN ? ` and ${words.length - SHOWN} more` : '';
  return words.slice(0, SHOWN).join(', ') + more;
}
