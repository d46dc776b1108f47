/**
 * How much goes wrong before `waggle up` calls its start a failure. Pure but for its clockless memory.
 *
 * 1. A service that is given up ends the start at once.
 * 2. One that ends by itself again and again does, too: its last line is the reason.
 */
import type { SupervisorEvent } from '../../../infra/supervisor/supervisor.ts';
import { WaggleError } from '../../../shared/errors.ts';

const MOST_ENDS = 4;

/** Gives the reason to stop, from the events of a start one after another; undefined while there is none. */
export function createPatience(): (event: SupervisorEvent) => WaggleError | undefined {
  const ends = new Map<string, number>();
  return (event) => {
    if (event.kind === 'gave-up') return notReady(event.name, event.lastLine);
    if (event.kind !== 'exited' || event.expected) return undefined;
    const count = (ends.get(event.name) ?? 0) + 1;
    ends.set(event.name, count);
    return count < MOST_ENDS ? undefined : notReady(event.name, event.lastLine);
  };
}

function notReady(name: string, lastLine: string | undefined): WaggleError {
  return new WaggleError('not-ready', { what: name, cause: lastLine ?? 'it ended without a word' });
}
