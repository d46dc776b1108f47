import { describe, expect, it } from 'vitest';
import type { CommandRow } from '../../../../../services/cli/fmail/command-row.ts';
import { readInvocation } from '../../../../../services/cli/fmail/invocation.ts';

const row: CommandRow = {
  name: 'log',
  summary: '',
  arguments: [{ name: 'topic', summary: '' }],
  flags: [
    { name: 'limit', short: 'n', value: 'count', summary: '' },
    { name: 'timeout', value: 'duration', summary: '' },
    { name: 'tag', short: 't', value: 'tag', summary: '', isList: true },
    { name: 'follow', short: 'f', summary: '' },
    { name: 'json', summary: '' },
  ],
  examples: [],
  load: async () => ({ run: async () => {} }),
};

const read = (...words: string[]) => {
  const invocation = readInvocation(row, words);
  if (invocation === undefined) throw new Error('help was asked for');
  return invocation;
};

describe('the words behind a command', () => {
  it.each([
    ['--limit', '5'],
    ['--limit=5'],
    ['-n', '5'],
    ['-n5'],
    ['-n=5'],
    ['-fn5'],
    ['--limit', '3', '-n', '5'],
  ])('give the same limit as %s %s', (...words) => {
    expect(read(...words).flags.count('limit', 20)).toBe(5);
  });

  it('may hold flags before and behind the argument', () => {
    const { args, flags } = read('-f', 'task', '--json');
    expect([args, flags.has('follow'), flags.has('json'), flags.count('limit', 20)]).toEqual([
      ['task'],
      true,
      true,
      20,
    ]);
  });

  it('are all arguments behind --', () => {
    expect(read('--', '--json').args).toEqual(['--json']);
    expect(read('-').args).toEqual(['-']);
  });

  it('switch a flag off with =false', () => {
    expect(read('--json', '--json=false').flags.has('json')).toBe(false);
    expect(read('--json=true').flags.has('json')).toBe(true);
  });

  it('give lists by commas and by repetition', () => {
    expect(read('-t', 'a, b', '--tag=c,', '-td').flags.list('tag')).toEqual(['a', 'b', 'c', 'd']);
  });

  it('ask for help with -h and --help, whatever else they hold', () => {
    expect(readInvocation(row, ['a', 'b', '-h'])).toBeUndefined();
    expect(readInvocation(row, ['--help'])).toBeUndefined();
  });

  it.each([
    [['--xyz'], 'unknown flag: --xyz'],
    [['-x'], 'unknown flag: -x'],
    [['--limit'], 'flag needs an argument: --limit'],
    [['-n'], 'flag needs an argument: -n'],
    [['--json=yes'], '--json: expected true, false or nothing, got "yes"'],
    [['a', 'b'], 'log takes at most one argument, got 2'],
  ])('%j are usage: %s', (words, message) => {
    expect(() => readInvocation(row, words)).toThrow(
      expect.objectContaining({ code: 'usage', exitCode: 2, message }),
    );
  });

  it.each(['5x', '1.5', '', 'NaN', '99999999999999999999', '0x10', '1e3'])('%j is no count', (text) => {
    expect(() => read(`--limit=${text}`).flags.count('limit', 0)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringContaining('--limit: expected a whole number'),
      }),
    );
  });

  it.each([
    ['--limit=-1', 'limit must be >= 0'],
    ['-n-1', 'limit must be >= 0'],
    ['--timeout=-1s', 'timeout must be >= 0'],
  ])('%s is negative, and usage', (word, message) => {
    const { flags } = read(word);
    expect(() => [flags.count('limit', 0), flags.durationMs('timeout', 0)]).toThrow(
      expect.objectContaining({ exitCode: 2, message }),
    );
  });

  it('hold durations as people write them', () => {
    expect(read('--timeout=1m30s').flags.durationMs('timeout', 0)).toBe(90_000);
    expect(() => read('--timeout=soon').flags.durationMs('timeout', 0)).toThrow(
      '--timeout: expected a duration',
    );
  });

  it('can join all further words to the last argument', () => {
    const rest = {
      ...row,
      arguments: [
        { name: 'a', summary: '' },
        { name: 'b', summary: '', isRest: true as const },
      ],
    };
    expect(readInvocation(rest, ['x', 'y', 'z'])?.args).toEqual(['x', 'y z']);
    expect(readInvocation(rest, ['x'])?.args).toEqual(['x']);
  });
});

it('a required argument is named when it is missing', () => {
  const needs = { ...row, arguments: [{ name: 'id', summary: '', isRequired: true as const }] };
  expect(() => readInvocation(needs, [])).toThrow('missing argument: id');
});

it('asking for a flag that the row does not have is a mistake of the program', () => {
  expect(() => read().flags.has('nope')).toThrow('log has no flag --nope');
});
