import { describe, expect, it } from 'vitest';
import { commands, runProgram } from '../../../../services/cli/program.ts';
import { VERSION } from '../../../../shared/version.ts';

async function run(...words: string[]) {
  let stdout = '';
  let stderr = '';
  const code = await runProgram(words, {
    folder: '/',
    variables: {},
    stdin: process.stdin,
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr };
}

describe('the command table', () => {
  it('holds every command of the operator and of the services', () => {
    expect(Object.keys(commands).sort()).toEqual(
      [
        'answer',
        'backup',
        'committer',
        'config',
        'doctor',
        'down',
        'drain',
        'events',
        'explain',
        'export',
        'format',
        'gc',
        'harness',
        'kill',
        'msg',
        'next-prompt',
        'pause',
        'resume',
        'steer',
        'stop',
        'import',
        'inbox',
        'init',
        'land',
        'lane',
        'logs',
        'mail-bridge',
        'mcp',
        'nats',
        'orchestrator',
        'pool',
        'profile',
        'ps',
        'usage',
        'replay',
        'restore',
        'run',
        'runs',
        'stale-takeover',
        'status',
        'task',
        'up',
        'worker',
      ].sort(),
    );
  });

  it('is what the help lists, each with its summary', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(0);
    for (const [name, { summary }] of Object.entries(commands)) {
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(summary);
    }
  });

  it.each(Object.keys(commands))('%s says how it is used, with an example', async (name) => {
    const words = name === 'run' ? ['run', 'show'] : name === 'task' ? ['task', 'add'] : [name];
    const { code, stdout, stderr } = await run(...words, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: /);
    // Its one flag is a decision that nobody should copy from an example.
    if (name !== 'orchestrator') expect(stdout).toMatch(/\nExamples?:\n/);
  });
});

describe('what is typed wrong', () => {
  it('is a usage error that names the nearest command', async () => {
    const { code, stderr } = await run('inbix');
    expect([code, stderr]).toEqual([2, expect.stringContaining('inbox')]);
  });

  it('in flags is one too, as an object with --json', async () => {
    const plain = await run('runs', '--nobody');
    expect([plain.code, plain.stderr]).toEqual([2, expect.stringContaining('--help')]);
    const { code, stdout } = await run('gc', '--days', 'many', '--json');
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, 'usage']);
  });
});

it('the version is the program’s own; behind a command the flag is the command’s', async () => {
  expect((await run('--version')).stdout.trim()).toBe(VERSION);
  expect((await run('runs', '--version')).code).toBe(2);
});

it.each(['profile', 'pool', 'harness', 'lane', 'run', 'config'])(
  'a verb that %s does not have is told, and not taken for a word of another verb',
  async (command) => {
    const { code, stdout, stderr } = await run(command, 'sl');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`unknown command \`${command} sl\``);
  },
);

it('`init` for any command without its words says where they go', async () => {
  const { code, stderr } = await run('init', '--harness', 'command');
  expect(code).toBe(2);
  expect(stderr).toContain('expected its words behind --');
});

it('a misspelt verb is answered with the nearest one', async () => {
  expect((await run('profile', 'cooldwn')).stderr).toContain('did you mean `cooldown`?');
});

it('a default stands in the help once, in the unit of the person who reads it', async () => {
  for (const name of ['up', 'worker', 'committer', 'profile add']) {
    const { stdout } = await run(...name.split(' '), '--help');
    expect(stdout).not.toMatch(/default:\s+(\[\]|\d{4,})/);
  }
});

it('a word to a worker without any text is refused with what was expected', async () => {
  const { code, stderr } = await run('msg', 'w1', '-m', ' ');
  expect(code).toBe(2);
  expect(stderr).toContain('expected a text behind the names, got none');
});
