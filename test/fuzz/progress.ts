/**
 * Which input a fuzzing process is at, in a file: what remains of it when the process was ended, by the system or by the
 * runtime itself, in a way that no handler sees.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';

export interface Place {
  readonly target: string;
  readonly number: number;
}

const WIDTH = 120;

/** Notes places in `file`, one over the other. */
export function placeWriter(file: string): (place: Place) => void {
  const handle = openSync(file, 'w', 0o600);
  return ({ target, number }) => void writeSync(handle, `${target} ${number}`.padEnd(WIDTH), 0);
}

/** The last place that was noted; undefined when there was none. */
export function lastPlace(file: string): Place | undefined {
  const [, target, number] = /^(\S+) (\d+) *$/.exec(readFileSync(file, 'utf8')) ?? [];
  return target === undefined ? undefined : { target, number: Number(number) };
}
