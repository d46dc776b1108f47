/**
 * Whatever people and agents type: what is written comes back as it went, and what means nothing is refused in the parser's
 * own way, in few words.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NAME_PATTERN } from '../../../schemas/limits.ts';
import { formatBytes, parseBytes } from '../../../shared/config/bytes.ts';
import { formatDuration, parseDuration } from '../../../shared/config/durations.ts';
import { projectName, projectOfOrigin } from '../../../shared/config/project-name.ts';
import { remoteKey } from '../../../shared/config/remote-key.ts';
import { parseTokens } from '../../../shared/config/tokens.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import { draftOf } from '../../../shared/mail/draft.ts';
import { mailId, mailSequence } from '../../../shared/mail/message-id.ts';
import { readAgent, readTags, readTarget } from '../../../shared/mail/names.ts';
import { bodyValue } from '../../../shared/mail/record.ts';
import { readSince, readTime } from '../../../shared/mail/since.ts';

/** Any text, and text of the letters that mean something; halves of surrogate pairs too. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'0123456789.:-+TZ@/#,%smhdµns kKMiGB_\uD800\n\0 '), maxLength: 30 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', '@__proto__', ''),
);

/** The value, or the code of the refusal; anything else that is thrown fails the test. */
function valueOrCode<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (!isWaggleError(error)) throw error;
    expect(error.message.length).toBeLessThan(1_000);
    return error.code;
  }
}

describe('what is written comes back', () => {
  test('durations', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  test('sizes, rounded up', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), fc.constantFrom('', 'KiB', 'MiB', 'GiB'), (count, unit) => {
        const bytes = parseBytes(`${count % 8_000}${unit}`);
        expect(Number.isSafeInteger(bytes)).toBe(true);
        expect(formatBytes(bytes ?? -1)).toMatch(/^[\d.]+ (bytes?|KiB|MiB|GiB)$/);
      }),
    );
  });

  test('ids of mails', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4e12 }), fc.integer({ min: 1, max: 999_999_999_999_999 }), (at, seq) => {
        expect(mailSequence(mailId(at, seq))).toBe(seq);
      }),
    );
  });

  test('names in any case and with blanks around', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/), (name) => {
        expect(readAgent(` @${name.toUpperCase()} `)).toBe(name);
        expect(readTarget(name)).toEqual({ kind: 'topic', name });
      }),
    );
  });

  test('bodies of mail that are JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const body = JSON.stringify(value);
        const shown = bodyValue(body);
        // What would not come back as it was typed stays text.
        expect(shown === body || JSON.stringify(shown) === body).toBe(true);
      }),
    );
  });
});

describe('what means nothing is refused, and nothing else happens', () => {
  const now = Date.UTC(2026, 1, 9);

  test('numbers with units', () => {
    fc.assert(
      fc.property(text, (words) => {
        for (const parse of [parseDuration, parseBytes, parseTokens]) {
          const value = parse(words);
          expect(value === undefined || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
        }
      }),
    );
  });

  test('times', () => {
    fc.assert(
      fc.property(text, (words) => {
        const at = valueOrCode(() => readTime(words, now));
        expect(at === 'usage' || (typeof at === 'number' && Number.isFinite(at))).toBe(true);
        const since = valueOrCode(() => readSince(words, now));
        expect(since === 'usage' || typeof since === 'object').toBe(true);
      }),
    );
  });

  test('names, tags and drafts', () => {
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 12 }), fc.anything(), (words, tags, body) => {
        const name = valueOrCode(() => readAgent(words));
        expect(name === 'mail-invalid' || new RegExp(NAME_PATTERN).test(name)).toBe(true);
        valueOrCode(() => readTags(tags));
        valueOrCode(() =>
          draftOf({ to: words, body, tags, priority: words, replyTo: words, host: words }, 'm'),
        );
      }),
    );
  });

  test('remotes and folders always give a name', () => {
    fc.assert(
      fc.property(text, text, (folder, remote) => {
        expect(projectName({ folder, remote })).toMatch(new RegExp(NAME_PATTERN));
        expect(projectOfOrigin(remote)).toMatch(new RegExp(NAME_PATTERN));
        const key = remoteKey(remote);
        if (key === undefined) return;
        const [host, ...parts] = key.key.split('/');
        expect(host).toMatch(/^[^?#]+$/);
        expect(parts.at(-1)).toBe(key.last);
        expect(parts).not.toContain('');
      }),
    );
  });
});
