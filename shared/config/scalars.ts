/**
 * The single values that hand-written files are made of, each with the words that describe it.
 */
import { GATE_PATTERN, LINE_LIMIT, LIST_LIMIT, NAME_PATTERN, TASK_ID_PATTERN } from '../../schemas/limits.ts';
import type { ListShape, ScalarShape, Shape } from './shape.ts';
import { expectedGot } from './shape.ts';

export const NAME_EXPECTED = 'a name of lower-case letters, digits and dashes (at most 63)';

/** Text of 1 to `LINE_LIMIT` characters. */
export const text: ScalarShape = textShape('text', (value) =>
  value.length >= 1 && value.length <= LINE_LIMIT ? value : undefined,
);

/** Text without line breaks; space around it is dropped. */
export const oneLine: ScalarShape = textShape('one line of text', (value) => {
  const line = value.trim();
  return line.length >= 1 && line.length <= LINE_LIMIT && !/[\r\n]/.test(line) ? line : undefined;
});

/** Any text, also none. */
export const anyText: ScalarShape = textShape('text', (value) => value);

export const name: ScalarShape = matching(NAME_PATTERN, NAME_EXPECTED);
export const gateName: ScalarShape = matching(
  GATE_PATTERN,
  'a gate name of letters, digits, dots, dashes and underscores (at most 63)',
);

/** Lower-cased, as ids are the same in any case. */
export const taskId: ScalarShape = matching(
  TASK_ID_PATTERN,
  'a task id of letters, digits, dots, dashes and underscores (at most 63)',
  (value) => value.trim().toLowerCase(),
);

export const flag: ScalarShape = {
  kind: 'scalar',
  expected: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
};

/** One of fixed words. */
export function oneOf(words: readonly string[], expected = `one of ${words.join(', ')}`): ScalarShape {
  return {
    kind: 'scalar',
    expected,
    read: (value) => (typeof value === 'string' && words.includes(value) ? value : undefined),
  };
}

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): ScalarShape {
  return {
    kind: 'scalar',
    expected:
      max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`,
    read: (value) =>
      Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max ? value : undefined,
  };
}

/** Text of a pattern, after `prepare`. */
export function matching(
  pattern: string,
  expected: string,
  prepare: (value: string) => string = (value) => value,
): ScalarShape {
  const compiled = new RegExp(pattern);
  return textShape(expected, (value) => {
    const prepared = prepare(value);
    return compiled.test(prepared) ? prepared : undefined;
  });
}

export function listOf(of: Shape, limits: { readonly min?: number; readonly max?: number } = {}): ListShape {
  return { kind: 'list', of, min: limits.min ?? 0, max: limits.max ?? Number.POSITIVE_INFINITY };
}

/** A list in a task: at most `LIST_LIMIT` entries. */
export function shortListOf(of: Shape): ListShape {
  return listOf(of, { max: LIST_LIMIT });
}

function textShape(expected: string, read: (value: string) => string | undefined): ScalarShape {
  return {
    kind: 'scalar',
    expected,
    read: (value) => (typeof value === 'string' ? read(value) : undefined),
    explain: (value) => {
      if (typeof value === 'string' && value.length > LINE_LIMIT) {
        return `expected ${expected} of at most ${LINE_LIMIT} characters, got ${value.length}`;
      }
      // YAML reads 12, 1e5 and yes-like words as something else than text.
      if (typeof value === 'number' || typeof value === 'boolean') {
        return `${expectedGot(expected, value)}; put it in quotes`;
      }
      return undefined;
    },
  };
}
