import { expect, test } from 'vitest';
import { type DemoOptions, readOptions } from '../../../../infra/demo/options.ts';
import { exitCodeOf } from '../../../../services/cli/failure.ts';

interface Reading {
  readonly options?: DemoOptions;
  readonly exitCode?: number;
  readonly out: string;
  readonly err: string;
}

function read(...argv: string[]): Reading {
  const said = { out: '', err: '' };
  const writers = {
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
  };
  try {
    return { options: readOptions(argv, writers), ...said };
  } catch (error) {
    return { exitCode: exitCodeOf(error), ...said };
  }
}

test('without flags: four workers, as many tasks as the demo likes, nothing kept', () => {
  expect(read().options).toEqual({ workers: 4, calm: false, keep: false, json: false });
});

test('every flag is read', () => {
  expect(read('--tasks', '6', '--workers=2', '--repo', 'here', '--calm', '--keep', '--json').options).toEqual(
    {
      tasks: 6,
      workers: 2,
      repo: 'here',
      calm: true,
      keep: true,
      json: true,
    },
  );
});

test.each([
  ['--tasks', '1'],
  ['--tasks', '1002'],
  ['--tasks', '1e2'],
  ['--workers', '0'],
  ['--workers', 'many'],
  ['--bogus'],
  ['surplus'],
])('%s %s is a usage error that says what was expected', (...argv) => {
  const { exitCode, err } = read(...argv);
  expect(exitCode).toBe(2);
  expect(err).toMatch(/expected a whole number from|unknown option|too many arguments/);
});

test('one worker alone is not killed', () => {
  expect(read('--workers', '1')).toMatchObject({ exitCode: 2, err: expect.stringContaining('--calm') });
  expect(read('--workers', '1', '--calm').options).toMatchObject({ workers: 1 });
});

test('--help is told on standard output and is no failure', () => {
  const { exitCode, out } = read('--help');
  expect(exitCode).toBe(0);
  expect(out).toContain('npm run demo --');
});
