import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createOutput } from '../../../../services/cli/output.ts';
import { WaggleError } from '../../../../shared/errors.ts';

function outputs(
  options: { json?: boolean; isTTY?: boolean; noColor?: boolean; program?: 'waggle' | 'fmail' } = {},
) {
  const text = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    isTTY: options.isTTY ?? false,
    write: (piece: string) => {
      text[name] += piece;
    },
  });
  const { json = false, noColor = false, program = 'waggle' } = options;
  return {
    text,
    output: createOutput({ stdout: sink('stdout'), stderr: sink('stderr'), json, noColor, program }),
  };
}

/** What the argument parser throws for `args`. */
function parserError(args: readonly string[]): unknown {
  const command = new Command('x')
    .exitOverride()
    .version('1')
    .configureOutput({ writeOut() {}, writeErr() {} });
  try {
    command.option('-n <count>').parse([...args], { from: 'user' });
  } catch (error) {
    return error;
  }
  throw new Error('the parser took it');
}

describe('an answer', () => {
  it('is text for people, with one line break at its end', () => {
    const { text, output } = outputs();
    output.answer({ a: 1 }, () => 'done');
    output.answer({ a: 1 }, () => 'a table\n');
    output.item({ a: 1 }, () => 'one');
    output.answer([], () => '');
    output.say('and more');
    expect(text).toEqual({ stdout: 'done\na table\none\nand more\n', stderr: '' });
  });

  it('is JSON for machines: indented as a whole, one line each when there are many', () => {
    const { text, output } = outputs({ json: true });
    output.answer({ a: [1] }, () => {
      throw new Error('text is made only when it is shown');
    });
    output.item({ b: 2 }, () => 'one');
    output.answer(null, () => '');
    output.say('nothing of this');
    expect(text.stdout).toBe('{\n  "a": [\n    1\n  ]\n}\n{"b":2}\nnull\n');
  });

  it('is coloured on a terminal only, never as JSON or under NO_COLOR', () => {
    const red = (options: Parameters<typeof outputs>[0]) => outputs(options).output.paint('red', 'x');
    expect(red({ isTTY: true })).toBe('\x1b[31mx\x1b[0m');
    expect([red({}), red({ isTTY: true, noColor: true }), red({ isTTY: true, json: true })]).toEqual([
      'x',
      'x',
      'x',
    ]);
  });
});

describe('a failure', () => {
  const missing = new WaggleError('config-missing', { folder: '/x', hint: 'run it in the project' });

  it('is text on standard error, with its exit code', () => {
    const { text, output } = outputs();
    expect(output.fail(missing)).toBe(1);
    expect(output.fail(new WaggleError('usage', { message: 'expected one task id' }))).toBe(2);
    expect(output.fail(new Error('oops'))).toBe(1);
    expect(text).toEqual({
      stdout: '',
      stderr: [
        'waggle: no waggle.yaml in /x or any folder above it; `waggle init` makes one',
        'run it in the project',
        'waggle: expected one task id',
        'waggle: oops',
        '',
      ].join('\n'),
    });
  });

  it('is an object on standard output with --json', () => {
    const { text, output } = outputs({ json: true });
    expect(output.fail(missing)).toBe(1);
    expect(text.stderr).toBe('');
    expect(JSON.parse(text.stdout)).toEqual({
      error: {
        code: 'config-missing',
        message: 'no waggle.yaml in /x or any folder above it; `waggle init` makes one',
        hint: 'run it in the project',
        details: { folder: '/x' },
      },
    });
  });

  it('has no details when there are none, and an own code when nobody gave it one', () => {
    const { text, output } = outputs({ json: true });
    output.fail(new WaggleError('usage', { message: 'no' }));
    expect(JSON.parse(text.stdout)).toEqual({ error: { code: 'usage', message: 'no' } });
    const other = outputs({ json: true });
    other.output.fail('thrown text');
    expect(JSON.parse(other.text.stdout)).toEqual({ error: { code: 'internal', message: 'thrown text' } });
  });

  it('of the argument parser is usage, and help is none', () => {
    const { text, output } = outputs({ program: 'fmail' });
    expect(output.fail(parserError(['--nope']))).toBe(2);
    expect(text.stderr).toBe("fmail: unknown option '--nope'\n");
    expect(output.fail(parserError(['-n']))).toBe(2);
    expect(output.fail(parserError(['--help']))).toBe(0);
    expect(output.fail(parserError(['--version']))).toBe(0);
    expect(text.stderr).not.toContain('outputHelp');
  });
});
