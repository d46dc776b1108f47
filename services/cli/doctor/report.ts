/**
 * What `waggle doctor` found, in the shape that its readers know: checks, a summary, a time.
 */
import { messageOf } from '../../../shared/errors.ts';

export interface Check {
  readonly category: 'machine' | 'project' | 'bus' | 'leftovers';
  readonly name: string;
  readonly status: 'pass' | 'warn' | 'fail' | 'skip';
  readonly details?: string;
  /** What is wrong, and what to do. */
  readonly error?: string;
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
export type Finding = Pick<Check, 'status' | 'details' | 'error'>;

export const pass = (details: string): Finding => ({ status: 'pass', details });
export const skip = (details: string): Finding => ({ status: 'skip', details });
export const warn = (error: string, details?: string): Finding => ({
  status: 'warn',
  error,
  ...(details === undefined ? {} : { details }),
});
export const fail = (error: string, details?: string): Finding => ({
  status: 'fail',
  error,
  ...(details === undefined ? {} : { details }),
});

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
