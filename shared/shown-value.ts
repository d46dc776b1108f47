/**
 * A value from outside in few words, for messages that say what came. Total: what nests deeper than the stack, or is
 * nothing that JSON knows, has words too. Imports nothing, so that every command can afford it.
 */

/** As JSON, cut to so many characters. */
export function shownValue(value: unknown, longest = 80): string {
  if (value === undefined) return 'nothing';
  try {
    return (JSON.stringify(value) ?? typeof value).slice(0, longest);
  } catch {
    return 'what cannot be shown';
  }
}
