/**
 * Names as people type them: topics, agents (`@alice`), tags. Trimmed and in lower case, as the seed does; longer
 * than a subject's token may be, they are refused. Refusals begin with the seed's words. Pure.
 */
import { NAME_PATTERN } from '../../schemas/limits.ts';
import type { MailTarget } from '../bus/subjects.ts';
import { WaggleError } from '../errors.ts';

const NAME = new RegExp(NAME_PATTERN);
const EXPECTED = 'lower-case letters, digits and dashes (at most 63)';
const TAGS = 10;

/** `tasks`, or `@alice`; in any case. Errors: `mail-invalid`. */
export function readTarget(text: string): MailTarget {
  const wanted = text.trim().toLowerCase();
  const isAgent = wanted.startsWith('@');
  const name = isAgent ? wanted.slice(1) : wanted;
  if (NAME.test(name)) return { kind: isAgent ? 'agent' : 'topic', name };
  const what = isAgent ? 'agent' : 'topic';
  throw invalid(
    `invalid target ${quoted(text)}: invalid ${what} name; expected a topic or @agent of ${EXPECTED}`,
  );
}

/** `alice` or `@alice`, in any case. Errors: `mail-invalid`. */
export function readAgent(text: string): string {
  const name = text.trim().toLowerCase().replace(/^@/, '');
  if (NAME.test(name)) return name;
  throw invalid(`invalid agent name ${quoted(text)}: expected ${EXPECTED}`);
}

/** Tags without repeats, in lower case; empty ones are none. Errors: `mail-invalid`. */
export function readTags(texts: readonly string[]): string[] {
  const tags = [...new Set(texts.map((text) => text.trim().toLowerCase()).filter((text) => text !== ''))];
  const bad = tags.find((tag) => !/^[a-z0-9-]{1,50}$/.test(tag));
  if (bad !== undefined) {
    throw invalid(
      `invalid tags: invalid tag: ${shown(bad)}; expected letters, digits and dashes (at most 50)`,
    );
  }
  if (tags.length > TAGS) throw invalid(`invalid tags: invalid tag: max ${TAGS} tags; got ${tags.length}`);
  return tags;
}

const invalid = (message: string): WaggleError => new WaggleError('mail-invalid', { message });

/** What was typed, short enough for a message, without what could command a terminal. */
const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
const shown = (text: string): string => quoted(text).slice(1, -1);
