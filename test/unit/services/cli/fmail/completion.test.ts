/**
 * The completion scripts: what each offers by the command table, and that the shells which are installed take them.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../../../../services/cli/fmail/commands.ts';
import { bashCompletion } from '../../../../../services/cli/fmail/completion/bash.ts';
import { fishCompletion } from '../../../../../services/cli/fmail/completion/fish.ts';
import { zshCompletion } from '../../../../../services/cli/fmail/completion/zsh.ts';
import { temporaryFolder } from '../../../../support/repository.ts';

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
const shells = Object.keys(scripts) as (keyof typeof scripts)[];
const isInstalled = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;

let place: ReturnType<typeof temporaryFolder>;
/** A folder that holds an `fmail` which knows a topic, two agents and a message. */
let programs: string;
beforeAll(() => {
  place = temporaryFolder();
  programs = place.path;
  const program = `#!/bin/sh
case "$1" in
  topics) printf 'TOPIC  MESSAGES  LAST ACTIVITY\\ntask   1         1m ago\\n' ;;
  who) printf 'NAME   LAST SEEN  STATUS\\nalice  active     -\\nbob    active     -\\n' ;;
  messages) printf '20260209-110000-0001 a -> task: x\\nmore of it\\n' ;;
esac
`;
  writeFileSync(join(programs, 'fmail'), program);
  chmodSync(join(programs, 'fmail'), 0o755);
});
afterAll(() => place.remove());
const environment = () => ({ ...process.env, PATH: `${programs}:${process.env['PATH']}`, HOME: place.path });

describe.each(shells)('the script for %s', (shell) => {
  const script = scripts[shell](commands);

  test('knows every command, alias and flag', () => {
    for (const { name, aliases = [], flags = [] } of commands) {
      for (const word of [name, ...aliases]) expect(script).toMatch(new RegExp(`\\b${word}\\b`));
      for (const flag of flags) expect(script).toMatch(new RegExp(`(--|-l )${flag.name}\\b`));
    }
    expect(script.endsWith('\n')).toBe(true);
  });

  const unless = isInstalled(shell) ? '' : ` (not run: ${shell} is not installed here)`;
  test.skipIf(unless !== '')(`is taken by the shell${unless}`, () => {
    const file = join(place.path, `fmail.${shell}`);
    writeFileSync(file, script);
    const said = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect([said.status, said.stderr]).toEqual([0, '']);
  });
});

const unlessBash = isInstalled('bash') ? '' : ' (not run: bash is not installed here)';
describe.skipIf(unlessBash !== '')(`bash completes${unlessBash}`, () => {
  const complete = (...words: string[]) => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const script = `${bashCompletion(commands)}
COMP_WORDS=(fmail ${list}); COMP_CWORD=${words.length}; _fmail; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script], { encoding: 'utf8', env: environment(), cwd: place.path })
      .split('\n')
      .filter((word) => word !== '');
  };

  test.each([
    [['se'], ['search', 'send']],
    [['dead'], ['dead-letters']],
    [['--r'], ['--robot-help']],
    [['send', '--pr'], ['--priority']],
    [
      ['send', '-p', ''],
      ['low', 'normal', 'high'],
    ],
    [['send', '--priority', 'n'], ['normal']],
    [
      ['send', ''],
      ['task', '@alice', '@bob'],
    ],
    [['log', '@a'], ['@alice']],
    [['log', '@', 'b'], ['bob']],
    [
      ['logs', '--from', ''],
      ['@alice', '@bob'],
    ],
    [['read', ''], ['20260209-110000-0001']],
    [['send', 'task', '-r', '2026'], ['20260209-110000-0001']],
    [['send', 'task', '--file', 'fm'], ['fmail']],
    [['log', '--since', ''], []],
    [['completion', 'z'], ['zsh']],
    [['help', 'tra'], ['trace']],
  ])('%j', (words, offered) => {
    expect(complete(...words).filter((word) => word === 'fmail' || !word.startsWith('fmail.'))).toEqual(
      offered,
    );
  });
});
