import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFmail } from '../../../../../services/cli/fmail/program.ts';
import type { Session } from '../../../../../services/cli/session.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waggle-fmail-'));
  writeFileSync(join(folder, 'big.md'), 'x'.repeat(64 * 1024 + 1));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An invocation where no bus is: what gets as far as looking for one fails with `bus-unknown`. */
async function invoke(args: readonly string[], input = '') {
  const text = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (piece: string) => {
      text[name] += piece;
    },
  });
  const session: Session = {
    folder,
    variables: {},
    stdin: Readable.from([input]) as unknown as Session['stdin'],
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    signal: new AbortController().signal,
  };
  return { code: await runFmail(args, session, 'anon-1'), ...text };
}

describe('an fmail command', () => {
  it.each([
    [['send', 'tasks', ''], 2, 'fmail: message body is required\n'],
    [['send', 'tasks'], 2, 'fmail: message body is required\n'],
    [['send', 'tasks', 'x', '-f', 'note.md'], 2, 'fmail: expected a message or --file, got both\n'],
    [['send'], 2, "error: missing required argument 'topic|@agent'\n"],
    [['send', 'a_b', 'x'], 1, 'fmail: invalid target "a_b"'],
    [
      ['send', 'tasks', 'x', '-p', 'urgent'],
      1,
      'fmail: invalid priority "urgent": expected low, normal or high\n',
    ],
    [['send', 'tasks', 'x', '-t', 'a_b'], 1, 'fmail: invalid tag "a_b"'],
    [['send', 'tasks', 'x', '-r', ' '], 1, 'fmail: --reply-to: expected the id of a message\n'],
    [['send', 'tasks', '-f', 'absent.md'], 1, 'fmail: absent.md: '],
    [['send', 'tasks', '-f', 'BIG'], 1, 'fmail: message exceeds the limit of 64 KiB: it has 65537 bytes'],
    [['log', '-n', '-3'], 2, "error: option '-n, --limit <count>'"],
    [['log', '--since', 'yesterday'], 2, 'fmail: --since: expected now, '],
    [['log', '--from', 'a b'], 2, 'fmail: --from: expected the name of an agent'],
    [['log', '@'], 1, 'fmail: invalid target "@"'],
    [['log', 'a', 'b'], 2, 'error: too many arguments'],
    [['watch', '--timeout', '-1s'], 2, "error: option '--timeout <duration>'"],
    [['watch', '-c', 'x'], 2, "error: option '-c, --count <count>'"],
    [['frobnicate'], 1, 'Error: unknown command "frobnicate" for "fmail"\n'],
    [['log'], 1, 'fmail: no bus is known'],
  ])('%j ends with %i and says why on standard error', async (args, code, words) => {
    const ended = await invoke(args.map((word) => (word === 'BIG' ? join(folder, 'big.md') : word)));
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toContain(words);
  });

  it('with --json says what is wrong as an object on standard output', async () => {
    const usage = await invoke(['log', '--json', '--xyz']);
    expect([usage.code, usage.stderr]).toEqual([2, '']);
    expect(JSON.parse(usage.stdout)).toEqual({
      error: { code: 'usage', message: "unknown option '--xyz'" },
    });
    const failure = await invoke(['send', 'a_b', 'x', '--json']);
    expect([failure.code, JSON.parse(failure.stdout).error.code]).toEqual([1, 'mail-invalid']);
  });

  it('prints help on standard output: asked for, or without any command', async () => {
    const [bare, asked, ofSend, version] = [
      await invoke([]),
      await invoke(['help']),
      await invoke(['send', '--help']),
      await invoke(['-v']),
    ];
    expect([bare, asked, ofSend, version].map(({ code, stderr }) => [code, stderr])).toEqual(
      [1, 2, 3, 4].map(() => [0, '']),
    );
    expect(bare.stdout).toMatch(/^Usage: fmail /);
    expect(bare.stdout).toContain('FMAIL_AGENT is your name.');
    expect(asked.stdout).toBe(bare.stdout);
    expect(ofSend.stdout).toMatch(/^Usage: fmail send /);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
