import { expect, test } from 'vitest';
import { lastWords } from '../../../../infra/supervisor/last-words.ts';

test('a log without lines has no last words', () => {
  expect(lastWords(' \n\n')).toBeUndefined();
});

test('what a command complained of wins over its hint', () => {
  const text = '{"level":30,"msg":"waiting"}\nwaggle: no nats-server was found\nrun `apt-get install`\n';
  expect(lastWords(text)).toBe('no nats-server was found');
});

test('of a JSON line its message and cause are told', () => {
  expect(lastWords('{"level":50,"err":{"message":"disk full"},"msg":"cannot append"}\n')).toBe(
    'cannot append: disk full',
  );
  expect(lastWords('{"level":30,"reason":"no leader","msg":"waiting"}')).toBe('waiting: no leader');
  expect(lastWords('{"half":')).toBe('{"half":');
});

test('of a thrown error its first line is told, not its stack', () => {
  const text = [
    'file:///a.js:3',
    '    throw new TypeError();',
    "TypeError [ERR_X]: it isn't so",
    '    at f (file:///a.js:3:9)',
    '',
    'Node.js v20.19.0',
  ].join('\n');
  expect(lastWords(text)).toBe("TypeError [ERR_X]: it isn't so");
});
