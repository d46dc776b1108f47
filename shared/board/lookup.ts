/**
 * Looks a name up in a record that came off the wire. Names such as `constructor` are valid labels, gates and
 * lanes, and a plain index would find what every object inherits.
 */

/** The record's own entry of that name. */
export function entryOf<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
