/**
 * What `waggle doctor` found, in the shape that its readers know: checks, a summary, a time.
 */
import { messageOf } from '../../../shared/errors.ts';

export interface Check {
  readonly category: 'machine' | 'project' | 'bus' | 'agents' | 'leftovers';
  readonly name: string;
  readonly status: 'pass' | 'warn' | 'fail' | 'skip';
  /** What was seen. */
  readonly details?: string;
  /** What is wrong, and where it takes no more than a word, what to do. */
  readonly error?: string;
  /** The commands or steps that mend it. */
  readonly mend?: string;
}

export interface DoctorReport {
  readonly checks: readonly Check[];
  readonly summary: {
    readonly total: number;
    readonly passed: number;
    readonly warnings: number;
    readonly failed: number;
    readonly skipped: number;
  };
  /** ISO 8601. */
  readonly checked_at: string;
}

/** What one look gave: a status and its words. */
export type Finding = Pick<Check, 'status' | 'details' | 'error' | 'mend'>;

export const pass = (details: string): Finding => ({ status: 'pass', details });
export const skip = (details: string): Finding => ({ status: 'skip', details });
const wrong =
  (status: 'warn' | 'fail') =>
  (error: string, details?: string, mend?: string): Finding => ({
    status,
    error,
    ...(details === undefined ? {} : { details }),
    ...(mend === undefined ? {} : { mend }),
  });
export const warn = wrong('warn');
export const fail = wrong('fail');

/** One of several things that a look found wrong. */
export interface Fault {
  readonly status: 'warn' | 'fail';
  readonly error: string;
  readonly mend: string;
}

const FAULTS_SHOWN = 10;

/** The faults as one finding, the worst first, each way to mend once; passes with `details` when there is none. */
export function findingOf(faults: readonly Fault[], details: string): Finding {
  const sorted = faults.toSorted((a, b) => Number(a.status === 'warn') - Number(b.status === 'warn'));
  const [worst] = sorted;
  if (worst === undefined) return pass(details);
  const shown = sorted.slice(0, FAULTS_SHOWN);
  const more = sorted.length - shown.length;
  const errors = [...shown.map(({ error }) => error), ...(more === 0 ? [] : [`and ${more} more`])];
  const mends = [...new Set(shown.map(({ mend }) => mend))];
  return wrong(worst.status)(errors.join('; '), details, mends.join('; '));
}

/** Takes one look; what it throws is what is wrong. */
export async function look(
  category: Check['category'],
  name: string,
  find: () => Finding | Promise<Finding>,
): Promise<Check> {
  try {
    return { category, name, ...(await find()) };
  } catch (error) {
    return { category, name, ...fail(messageOf(error)) };
  }
}

/** `at`: milliseconds since the epoch. */
export function doctorReport(checks: readonly Check[], at: number): DoctorReport {
  const count = (status: Check['status']) => checks.filter((check) => check.status === status).length;
  return {
    checks,
    summary: {
      total: checks.length,
      passed: count('pass'),
      warnings: count('warn'),
      failed: count('fail'),
      skipped: count('skip'),
    },
    checked_at: new Date(at).toISOString(),
  };
}
