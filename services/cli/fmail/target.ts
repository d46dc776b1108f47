/**
 * Names as people type them: topics, agents (`@alice`), tags. Pure.
 */
import { NAME_PATTERN } from '../../../schemas/limits.ts';
import type { MailTarget } from '../../../shared/bus/subjects.ts';
import { WaggleError } from '../../../shared/errors.ts';

/** `tasks`, or `@alice`; in any case. Errors: `mail-invalid`. */
export function readTarget(text: string): MailTarget {
  const wanted = text.trim().toLowerCase();
  const isAgent = wanted.startsWith('@');
  const name = isAgent ? wanted.slice(1) : wanted;
  if (new RegExp(NAME_PATTERN).test(name)) return { kind: isAgent ? 'agent' : 'topic', name };
  const message = `invalid target ${JSON.stringify(text)}: expected a topic or @agent of lower-case letters, digits and dashes (at most 63)`;
  throw new WaggleError('mail-invalid', { message });
}

/** `alice` or `@alice`. Errors: `usage`. */
export function readSender(text: string): string {
  const name = text.trim().toLowerCase().replace(/^@/, '');
  if (new RegExp(NAME_PATTERN).test(name)) return name;
  throw new WaggleError('usage', {
    message: `--from: expected the name of an agent, got ${JSON.stringify(text)}`,
  });
}

const TAGS = 10;

/** Tags without repeats, in lower case. Errors: `mail-invalid`. */
export function readTags(texts: readonly string[]): string[] {
  const tags = [...new Set(texts.map((text) => text.trim().toLowerCase()).filter((text) => text !== ''))];
  const bad = tags.find((tag) => !/^[a-z0-9-]{1,50}$/.test(tag));
  if (bad !== undefined) {
    const message = `invalid tag ${JSON.stringify(bad)}: expected letters, digits and dashes (at most 50)`;
    throw new WaggleError('mail-invalid', { message });
  }
  if (tags.length > TAGS) {
    throw new WaggleError('mail-invalid', { message: `expected at most ${TAGS} tags, got ${tags.length}` });
  }
  return tags;
}
