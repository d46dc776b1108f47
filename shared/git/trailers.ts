/**
 * Trailers of a commit message: the `Key: value` lines of its last paragraph. Pure.
 *
 * Only the last paragraph counts, only when every line of it is a trailer, and never the subject: what
 * stands elsewhere in a message was written by somebody else.
 */

export interface Trailer {
  readonly key: string;
  readonly value: string;
}

/** The trailers of `message`, in order; folded lines are joined with one space. */
export function parseTrailers(message: string): Trailer[] {
  const paragraphs = message.trimEnd().split(/\n[ \t]*\n/);
  const last = paragraphs.length > 1 ? paragraphs.at(-1) : undefined;
  const trailers: Trailer[] = [];
  for (const line of (last ?? '').split('\n').filter((text) => text !== '')) {
    const previous = trailers.at(-1);
    if (/^[ \t]/.test(line) && previous !== undefined) {
      trailers[trailers.length - 1] = { key: previous.key, value: `${previous.value} ${line.trim()}` };
      continue;
    }
    const [, key, value] = /^([A-Za-z0-9][A-Za-z0-9-]*)[ \t]*:(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) return [];
    trailers.push({ key, value: value.trim() });
  }
  return trailers;
}

/** The value of the one trailer with that key; undefined when there is none, or more than one. */
export function trailerOf(message: string, key: string): string | undefined {
  const values = parseTrailers(message).filter((trailer) => trailer.key === key);
  return values.length === 1 ? values[0]?.value : undefined;
}
