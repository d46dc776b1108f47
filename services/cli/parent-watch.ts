/**
 * A service of `waggle up` leaves when its supervisor dies, however that dies: its standard input is a pipe to
 * the supervisor, which nobody writes to and which the system closes.
 */
import type { Readable } from 'node:stream';

/** The hidden word, anywhere on a command line, that asks for the watch. */
export const WITH_PARENT = '--with-parent';

/** Why such a service drains: the reason of its session's signal. */
export const PARENT_GONE = 'parent-gone';

/** Calls `act` once, when `stdin` ends. */
export function onParentGone(stdin: Readable, act: () => void): void {
  let isGone = false;
  const gone = () => {
    if (!isGone) act();
    isGone = true;
  };
  stdin.once('end', gone).once('close', gone).once('error', gone);
  stdin.resume();
}
