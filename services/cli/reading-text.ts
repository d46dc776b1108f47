/**
 * What a log of the tracker held beside its events, as lines for people: nothing where nothing is to be said. Pure.
 */
import type { ReadingReport } from '../../shared/tracker-log/reading.ts';
import { singleLine } from './printable.ts';

const FINDINGS_SHOWN = 5;

/** A line for each kind of thing that was left out, and the first places. */
export function readingLines(report: ReadingReport): string[] {
  const { malformed, too_long, unknown, duplicates, late, findings } = report;
  const kinds = Object.entries(unknown).map(([type, times]) => `${singleLine(type)} (${times})`);
  const shown = findings.slice(0, FINDINGS_SHOWN);
  const more = malformed + Object.values(unknown).reduce((sum, times) => sum + times, 0) - shown.length;
  return [
    ...(malformed === 0 ? [] : [`${counted(malformed, 'line')} could not be read and were left out`]),
    ...(too_long === 0 ? [] : [`${counted(too_long, 'line')} were too long and were left out`]),
    ...(kinds.length === 0 ? [] : [`unknown events were left out: ${kinds.join(', ')}`]),
    ...(duplicates === 0 ? [] : [`${counted(duplicates, 'event')} stood there twice and counted once`]),
    ...(late === 0
      ? []
      : [`${counted(late, 'event')} stood too far from their place in time to be put in order`]),
    ...shown.map(({ line, fault }) => `  line ${line}: ${singleLine(fault)}`),
    ...(shown.length > 0 && more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** `1 line`, `2 lines`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
