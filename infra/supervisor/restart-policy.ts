/**
 * What follows when a supervised service has ended by itself. Pure.
 *
 * 1. The wait before a restart doubles from 250 ms to 10 s while lives are short, and starts anew after a life of eight
 *    waits or of five seconds: what was killed now and then comes back at once, what cannot live is tried ever more
 *    seldom.
 * 2. Exit code 2 means that it was told nonsense (usage, configuration): trying again cannot help.
 * 3. Under `on-failure` exit code 0 means that it left of its own accord (told to drain, idle-stop): it stays away.
 */

/** How a process ended; both are absent when it could not be started at all. */
export interface ServiceExit {
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
}

export type RestartRule = 'always' | 'on-failure' | 'never';

export type AfterExit =
  | { readonly kind: 'restart'; readonly waitMs: number; readonly nextWaitMs: number }
  | { readonly kind: 'give-up' }
  | { readonly kind: 'leave' };

export const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
const HEALTHY_WAITS = 8;
const HEALTHY_MS = 5_000;
const USAGE_EXIT_CODE = 2;

/** `waitMs`: what the last exit's `nextWaitMs` said, at first `FIRST_WAIT_MS`. */
export function afterExit(ended: {
  readonly exit: ServiceExit;
  readonly rule: RestartRule;
  readonly aliveMs: number;
  readonly waitMs: number;
}): AfterExit {
  if (ended.exit.code === USAGE_EXIT_CODE) return { kind: 'give-up' };
  if (ended.rule === 'never' || (ended.rule === 'on-failure' && ended.exit.code === 0))
    return { kind: 'leave' };
  const waitMs =
    ended.aliveMs >= Math.min(ended.waitMs * HEALTHY_WAITS, HEALTHY_MS) ? FIRST_WAIT_MS : ended.waitMs;
  return { kind: 'restart', waitMs, nextWaitMs: Math.min(waitMs * 2, LONGEST_WAIT_MS) };
}

/** `exit code 1`, `SIGKILL`, `could not be started`. */
export function exitText({ code, signal }: ServiceExit): string {
  if (signal !== undefined) return signal;
  return code === undefined ? 'could not be started' : `exit code ${code}`;
}
