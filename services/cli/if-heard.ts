/**
 * For commands that know something without the board, too: asks it where one answers, and says why when none does.
 */
import { type ErrorCode, isWaggleError, type WaggleError } from '../../shared/errors.ts';
import { type ProjectLink, type Session, withProject } from './session.ts';

export type IfHeard<T> =
  | { readonly isHeard: true; readonly value: T }
  | { readonly isHeard: false; readonly why: WaggleError };

/** No bus, or no leader on it. */
const silences: readonly ErrorCode[] = ['bus-unknown', 'bus-unreachable', 'no-responder', 'bus-timeout'];

/** A leader that restarts answers within that time; nobody wants to wait longer for what may be left out. */
const TIMEOUT_MS = 3_000;

/** Errors: all that do not say that nobody is there. */
export async function ifHeard<T>(
  session: Session,
  ask: (link: ProjectLink) => Promise<T>,
): Promise<IfHeard<T>> {
  try {
    return { isHeard: true, value: await withProject(session, ask, { timeoutMs: TIMEOUT_MS }) };
  } catch (error) {
    if (isWaggleError(error) && silences.includes(error.code)) return { isHeard: false, why: error };
    throw error;
  }
}
