/**
 * Readers of command-line values, shared by the commands: each gives the value or tells the parser what was
 * expected.
 */
import { InvalidArgumentError } from 'commander';
import { NAME_PATTERN } from '../../schemas/limits.ts';
import { parseBytes, SIZE_EXPECTED } from '../../shared/config/bytes.ts';
import { DURATION_EXPECTED, parseDuration } from '../../shared/config/durations.ts';

const name = new RegExp(NAME_PATTERN);

/** A name on the bus, in lower case. */
export function agentName(text: string): string {
  const wanted = text.trim().toLowerCase();
  if (name.test(wanted)) return wanted;
  throw new InvalidArgumentError('expected a name of lower-case letters, digits and dashes, at most 63.');
}

/** A duration in milliseconds. */
export function durationMs(text: string): number {
  const parsed = parseDuration(text);
  if (parsed === undefined) throw new InvalidArgumentError(`expected ${DURATION_EXPECTED}.`);
  return parsed;
}

/** A size in bytes. */
export function size(text: string): number {
  const parsed = parseBytes(text.trim());
  if (parsed === undefined) throw new InvalidArgumentError(`expected ${SIZE_EXPECTED}.`);
  return parsed;
}

/** A whole number of at least 1. */
export function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('expected a whole number of at least 1.');
}

/** A whole number of at least 0. */
export function count(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('expected a whole number of at least 0.');
}

/** A number above 0. */
export function aboveZero(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('expected a number above 0.');
}
