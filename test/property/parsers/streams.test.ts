/**
 * Whatever comes as a stream, wherever it is cut: the same is read, no line above the limit comes out, and what is kept stays
 * within its bounds. And whatever harnesses say becomes events that a report can carry.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adapters } from '../../../shared/harness/adapters.ts';
import { LineSplitter } from '../../../shared/harness/line-splitter.ts';
import { OutputTail } from '../../../shared/harness/output-tail.ts';
import { rendered } from '../../../shared/harness/rendered.ts';
import { resetOfDayTime, resetOfWords } from '../../../shared/harness/reset-time.ts';
import { noSigns, withEvent } from '../../../shared/harness/run-signs.ts';
import { recordedLines } from '../../fuzz/samples.ts';

const LIMIT = 40;
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .string({ unit: fc.constantFrom('a', 'é', '👩', '\n', '\r\n', '\r', '\0'), maxLength: 150 })
    .map((text) => Buffer.from(text)),
);
const cuts = fc.array(fc.nat({ max: 300 }), { maxLength: 12 }).map((places) => places.sort((a, b) => a - b));

/** The pieces between the places. */
function cutAt(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places, whole.length];
  return ends.map((end, at) => whole.subarray(at === 0 ? 0 : ends[at - 1], end));
}

function split(pieces: readonly Uint8Array[]): { lines: string[]; skipped: number } {
  const splitter = new LineSplitter(LIMIT);
  const lines = pieces.flatMap((piece) => splitter.push(piece));
  lines.push(...splitter.end());
  return { lines, skipped: splitter.skipped };
}

describe('wherever a stream is cut', () => {
  test('it has the same lines, none above the limit, and those that were left out are counted', () => {
    fc.assert(
      fc.property(bytes, cuts, (whole, places) => {
        const read = split(cutAt(whole, places));
        expect(read).toEqual(split([whole]));
        expect(read.lines.filter((line) => line.length > LIMIT)).toEqual([]);
        const ended = Buffer.from(whole).toString('latin1').split('\n');
        const count = ended.at(-1) === '' ? ended.length - 1 : ended.length;
        expect(read.lines.length + read.skipped).toBe(count);
      }),
    );
  });

  test('its tail is the same, and within its bounds', () => {
    fc.assert(
      fc.property(bytes, cuts, (whole, places) => {
        const [one, other] = [new OutputTail(), new OutputTail()];
        one.push('stdout', whole);
        for (const piece of cutAt(whole, places)) other.push('stdout', piece);
        // Bytes that begin a code point which never comes are no text yet.
        expect(other.text()).toBe(one.text());
        expect(Buffer.byteLength(one.text())).toBeLessThanOrEqual(8_192);
      }),
    );
  });
});

describe('whatever a harness prints', () => {
  const fields = fc.dictionary(
    fc.constantFrom(
      'type',
      'message',
      'content',
      'text',
      'error',
      'usage',
      'item',
      'input',
      'command',
      'name',
      'toString',
      '__proto__',
    ),
    fc.jsonValue({ maxDepth: 4 }),
  );

  test.each(Object.values(adapters))('$name says no more than a report can carry', (adapter) => {
    const known =
      adapter.name === 'command' ? ['x'] : recordedLines(adapter.name).filter((line) => !line.includes('\n'));
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fields.map((one) => JSON.stringify(one)),
      fc.tuple(fc.constantFrom(...known), fields).map(([one, other]) => {
        try {
          return JSON.stringify({ ...(JSON.parse(one) as object), ...other });
        } catch {
          return one;
        }
      }),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const reader = adapter.reader?.();
        let signs = noSigns;
        for (const one of lines) {
          for (const event of [...(reader?.push(one) ?? []), ...(reader?.plain?.(one) ?? [])]) {
            signs = withEvent(signs, event, 0);
            expect(typeof rendered(event)).toBe('string');
          }
        }
        expect(JSON.stringify(signs).length).toBeLessThan(300_000);
        expect(Reflect.get({}, 'polluted')).toBeUndefined();
      }),
    );
  });

  test('the times it names are times', () => {
    const word = fc.constantFrom(
      'try again ',
      'in ',
      '1',
      '20',
      'h ',
      ' and ',
      'resets ',
      'at ',
      'pm',
      ':',
      '5',
      ' (Europe/Vienna)',
      '|',
      '1770638400',
      'Mar 3, 2026 ',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const text = words.join('');
        const { retryAfterMs = 0, resetsAt = 0 } = resetOfWords(text);
        const times = [retryAfterMs, resetsAt, resetOfDayTime(text, 1_770_638_400_000) ?? 0];
        expect(times.every((time) => Number.isFinite(time) && time >= 0)).toBe(true);
      }),
    );
  });
});
