/**
 * Fragments that trouble parsers, whatever they parse: names that every object has, numbers at the edges, text that no
 * encoding holds, nesting, endings of lines, and lengths that promise more than comes.
 */
import { LONE_HIGH, LONE_LOW } from './target.ts';

/** Names that mean something to JavaScript itself. */
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'toJSON',
  'hasOwnProperty',
  'then',
];

const values = [
  'null',
  'true',
  '[]',
  '{}',
  '""',
  '0',
  '-0',
  '-1',
  '1e308',
  '1e999',
  '-1e999',
  '9007199254740993',
  '99999999999999999999999999',
  '0.1',
  'NaN',
  'Infinity',
  '{"toString":1}',
  '{"toString":null,"valueOf":null}',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '[[[[[[[[]]]]]]]]',
];

const texts = [
  '\0',
  LONE_HIGH,
  LONE_LOW,
  '\\ud800',
  '\\u0000',
  '\uFEFF',
  '\u2028',
  '\u202E',
  '\u0301',
  'İ',
  '👩‍👩‍👧',
  '\r\n',
  '\r',
  '\n\n',
  '\t',
  ' ',
  '\x1b[31m',
  '\x1b]0;',
  '%',
  '%zz',
  '../',
  '$(x)',
  '&a',
  '*a',
  '!!js',
  '---\n',
  '<<: ',
  '`',
  '```\n',
];

/** As text. */
export const hostileWords: readonly string[] = [
  ...names,
  ...names.map((name) => `"${name}":`),
  ...values,
  ...texts,
];

/** As bytes: broken UTF-8, and heads of MessagePack that promise much. */
export const hostileBytes: readonly Uint8Array[] = [
  'ff',
  'c0af',
  'eda080',
  'f09f98',
  '80',
  'dfffffffff',
  'ddffffffff',
  'dd01ffffff',
  'dbffffffff',
  'c6ffffffff',
  'c9ffffffff42',
  'c70042',
  'd473',
  'd47840',
  'd66900000001',
  'd67000000001',
  'c1',
  'cbfff0000000000000',
  'cb7ff8000000000000',
  'cfffffffffffffffff',
  'aa5f5f70726f746f5f5f5f',
  'a95f5f70726f746f5f5f',
].map((hex) => Buffer.from(hex, 'hex'));

/** What is put within itself, many times. */
export const nests: readonly (readonly [string, string])[] = [
  ['[', ']'],
  ['{"a":', '}'],
  ['(', ')'],
  ['- ', ''],
  ['a:\n ', ''],
  ['"', '"'],
  ['\u0091', ''],
];
