import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFmail } from '../../../../../services/cli/fmail/program.ts';
import type { Session } from '../../../../../services/cli/session.ts';
import { VERSION } from '../../../../../shared/version.ts';

const MIB = 1024 * 1024;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waggle-fmail-'));
  writeFileSync(join(folder, 'big.md'), 'x'.repeat(MIB + 1));
  writeFileSync(join(folder, 'full.md'), 'x'.repeat(MIB));
  writeFileSync(join(folder, 'blank.md'), ' \n');
  writeFileSync(join(folder, 'note.md'), 'a note\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An invocation where no bus is: what gets as far as looking for one fails with `bus-unknown`. */
async function invoke(args: readonly string[], stdin: Readable & { isTTY?: boolean } = Readable.from([''])) {
  const text = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (piece: string) => {
      text[name] += piece;
    },
  });
  const session: Session = {
    folder,
    variables: {},
    stdin: stdin as unknown as Session['stdin'],
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    signal: new AbortController().signal,
  };
  return { code: await runFmail(args, session, 'anon-1'), ...text };
}

const target = (name: string) =>
  `Error: invalid target "${name}": invalid ${name.startsWith('@') ? 'agent' : 'topic'} name; expected a topic or @agent of `;
const long = 'x'.repeat(64);
const tags = (count: number) => Array.from({ length: count }, (_, n) => `t${n}`).join(',');

describe('an fmail command', () => {
  it.each([
    [['send', 'tasks', ''], 2, 'Error: message body is required\n'],
    [['send', 'tasks', ' \n'], 2, 'Error: message body is required\n'],
    [['send', 'tasks'], 2, 'Error: message body is required\n'],
    [['send', 'tasks', '-f', 'blank.md'], 2, 'Error: message body is required\n'],
    [['send', 'tasks', 'x', '-f', 'note.md'], 2, 'Error: expected a message or --file, got both\n'],
    // Scripts fill in what they may not have.
    [['send', 'tasks', ' ', '-f', 'absent.md'], 1, 'Error: read file: ENOENT'],
    [['send', 'tasks', '', '-f', ''], 2, 'Error: message body is required\n'],
    [['send', 'tasks', 'x', '-f', ''], 1, 'Error: no bus is known'],
    [['send'], 2, 'Error: missing argument: topic|@agent\n'],
    [['send', 'tasks', 'x', 'y'], 2, 'Error: send takes at most 2 arguments, got 3\n'],
    [['send', 'a_b', 'x'], 1, target('a_b')],
    [['send', 'a.b', 'x'], 1, target('a.b')],
    [['send', 'a b', 'x'], 1, target('a b')],
    [['send', '@', 'x'], 1, target('@')],
    [['send', '', 'x'], 1, target('')],
    [['send', 'a\x1b[31m', 'x'], 1, target('a\\u001b[31m')],
    [['send', long, 'x'], 1, target(long)],
    [['send', `@${long}`, 'x'], 1, target(`@${long}`)],
    [
      ['send', 'tasks', 'x', '-p', 'urgent'],
      1,
      'Error: invalid priority: urgent; expected low, normal or high\n',
    ],
    [['send', 'tasks', 'x', '-t', 'a_b'], 1, 'Error: invalid tags: invalid tag: a_b; '],
    [['send', 'tasks', 'x', '-t', 'y'.repeat(51)], 1, 'Error: invalid tags: invalid tag: yyy'],
    [['send', 'tasks', 'x', '-t', tags(11)], 1, 'Error: invalid tags: invalid tag: max 10 tags; got 11\n'],
    [
      ['send', 'tasks', 'x', '-r', 'yesterday'],
      1,
      'Error: invalid reply-to "yesterday": expected the id of a message',
    ],
    [['send', 'tasks', '-f', 'absent.md'], 1, 'Error: read file: ENOENT'],
    [['send', 'tasks', '-f', 'big.md'], 1, 'Error: message exceeds 1MB limit\n'],
    // The limit is that of the whole message, printed.
    [['send', 'tasks', '-f', 'full.md'], 1, 'Error: message exceeds 1MB limit\n'],
    [
      ['send', 'tasks', 'x', '--deadline', '0s'],
      1,
      'Error: the time to acknowledge: expected at least a millisecond\n',
    ],
    [['send', 'tasks', 'x', '--deadline', 'soon'], 2, 'Error: --deadline: expected a duration such as '],
    [['log', '-n', '-3'], 2, 'Error: limit must be >= 0\n'],
    [['log', '--limit=-3'], 2, 'Error: limit must be >= 0\n'],
    [['log', '-n', 'x'], 2, 'Error: --limit: expected a whole number from 0, got "x"\n'],
    [['log', '--since', 'yesterday'], 2, 'Error: --since: expected now, '],
    [['log', '--since', '2026-02-30'], 2, 'Error: --since: expected now, '],
    [['log', '--from', 'a b'], 2, 'Error: --from: expected the name of an agent, got "a b"\n'],
    [['log', '@'], 1, target('@')],
    [['log', 'a', 'b'], 2, 'Error: log takes at most one argument, got 2\n'],
    [['log', '--xyz'], 2, 'Error: unknown flag: --xyz\n'],
    [['messages', 'tasks'], 2, 'Error: messages takes no arguments, got 1\n'],
    [['messages', '-n', '-1'], 2, 'Error: limit must be >= 0\n'],
    [['watch', '--timeout', '-1s'], 2, 'Error: timeout must be >= 0\n'],
    [['watch', '--timeout', 'x'], 2, 'Error: --timeout: expected a duration such as '],
    [['watch', '-c', '-1'], 2, 'Error: count must be >= 0\n'],
    [['watch', '-c', 'x'], 2, 'Error: --count: expected a whole number from 0, got "x"\n'],
    [['watch', 'a_b'], 1, target('a_b')],
    [['who', 'alice'], 2, 'Error: who takes no arguments, got 1\n'],
    [['topics', 'a'], 2, 'Error: topics takes no arguments, got 1\n'],
    [['register', 'a_b'], 1, 'Error: invalid agent name "a_b": '],
    [['register', 'a', 'b'], 2, 'Error: register takes at most one argument, got 2\n'],
    [['status', 'x', '--clear'], 2, 'Error: status does not take a message with --clear\n'],
    [['status', ' '], 2, 'Error: status message is required\n'],
    [['frobnicate'], 1, 'Error: unknown command "frobnicate" for "fmail"\n'],
    [['help', 'frobnicate'], 1, 'Error: unknown command "frobnicate" for "fmail"\n'],
    [['--xyz'], 2, 'Error: unknown flag: --xyz\n'],
    [['log'], 1, 'Error: no bus is known'],
    // At the limits it gets as far as the bus.
    [
      ['send', 'x'.repeat(63), 'x', '-t', tags(10), '-t', 't0', '-r', '7', '-p', 'HIGH'],
      1,
      'Error: no bus is known',
    ],
    [['send', ' @Bob ', 'x', '-t', 'y'.repeat(50)], 1, 'Error: no bus is known'],
    [['send', 'tasks', '-f', 'note.md'], 1, 'Error: no bus is known'],
  ])('%j ends with %i and says why on standard error', async (args, code, words) => {
    const ended = await invoke(args);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr.startsWith(words), `${ended.stderr}begins with ${words}`).toBe(true);
  });

  it('does not wait for a message from a terminal', async () => {
    const terminal = Object.assign(new Readable({ read() {} }), { isTTY: true });
    const ended = await invoke(['send', 'tasks'], terminal);
    expect([ended.code, ended.stderr]).toEqual([2, 'Error: message body is required\n']);
  });

  it('does not read what is piped in without an end beyond the limit', async () => {
    let given = 0;
    const endless = new Readable({
      read() {
        given += 1;
        this.push(Buffer.alloc(64 * 1024, 'x'));
      },
    });
    const ended = await invoke(['send', 'tasks'], endless);
    expect([ended.code, ended.stderr]).toEqual([1, 'Error: message exceeds 1MB limit\n']);
    expect(given).toBeLessThan(30);
  });

  it('with --json says what is wrong as an object on standard output', async () => {
    const usage = await invoke(['log', '--json', '--xyz']);
    expect([usage.code, usage.stderr]).toEqual([2, '']);
    expect(JSON.parse(usage.stdout)).toEqual({ error: { code: 'usage', message: 'unknown flag: --xyz' } });
    const failure = await invoke(['send', 'a_b', 'x', '--json']);
    expect([failure.code, JSON.parse(failure.stdout).error.code]).toEqual([1, 'mail-invalid']);
  });

  it('prints help on standard output: asked for, or without any command', async () => {
    const [bare, asked, flag, ofSend, helpSend, ofAlias, version] = [
      await invoke([]),
      await invoke(['help']),
      await invoke(['--help']),
      await invoke(['send', '--help']),
      await invoke(['help', 'send']),
      await invoke(['logs', '-h']),
      await invoke(['-v']),
    ];
    const all = [bare, asked, flag, ofSend, helpSend, ofAlias, version];
    expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(all.map(() => [0, '']));
    expect(bare.stdout).toMatch(/\n\nUsage:\n {2}fmail \[command\]\n/);
    expect([asked.stdout, flag.stdout]).toEqual([bare.stdout, bare.stdout]);
    expect(ofSend.stdout).toContain('Usage:\n  fmail send <topic|@agent> [message] [flags]\n');
    expect(helpSend.stdout).toBe(ofSend.stdout);
    expect(ofAlias.stdout).toContain('Usage:\n  fmail log [topic|@agent] [flags]\n');
    expect(version.stdout).toBe(`${VERSION}\n`);
    expect((await invoke(['--version'])).stdout).toBe(version.stdout);
  });
});
