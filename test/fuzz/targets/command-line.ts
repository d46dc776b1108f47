/**
 * Words that people and scripts type: durations, sizes, numbers, names of projects, remotes, flags, variables.
 */
import { InvalidArgumentError } from 'commander';
import { NAME_PATTERN } from '../../../schemas/limits.ts';
import { aboveZero, agentName, count, durationMs, positive, size } from '../../../services/cli/arguments.ts';
import { commands } from '../../../services/cli/fmail/commands.ts';
import { readInvocation } from '../../../services/cli/fmail/invocation.ts';
import { readMessage } from '../../../services/cli/fmail/message-argument.ts';
import { singleLine } from '../../../services/cli/printable.ts';
import { createPathScopes } from '../../../shared/board/path-scopes.ts';
import { findBus } from '../../../shared/config/bus-file.ts';
import { parseBytes } from '../../../shared/config/bytes.ts';
import { formatDuration, parseDuration } from '../../../shared/config/durations.ts';
import { readEnvironment } from '../../../shared/config/environment.ts';
import { nearestName } from '../../../shared/config/nearest-name.ts';
import { projectName, projectOfOrigin } from '../../../shared/config/project-name.ts';
import { remoteKey } from '../../../shared/config/remote-key.ts';
import { parseTokens } from '../../../shared/config/tokens.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import { taskIdOf } from '../../../shared/tracker-log/names.ts';
import { type Target, textTarget } from '../target.ts';

const isBadArgument = (error: unknown): boolean =>
  error instanceof InvalidArgumentError || isWaggleError(error);

const NAME = new RegExp(NAME_PATTERN);

function asName(name: string): string {
  if (!NAME.test(name)) throw new Error(`${JSON.stringify(name.slice(0, 80))} is no name`);
  return name;
}

const remotes = [
  'git@github.com:owner/name.git',
  'https://user:pw@host.example:8443/a/b.git?x#y',
  'ssh://git@ssh.host.org:22/~/a/b/',
  '/srv/x.git',
  'file:///srv/x.git',
  'C:\\x\\y',
];

export const commandTargets: readonly Target[] = [
  textTarget(
    'durations',
    'the command line and files',
    ['300ms', '1h30m', '0.5s', '90', '1d', '2h 5m'],
    (text) => {
      const ms = parseDuration(text);
      if (ms !== undefined && parseDuration(formatDuration(ms)) !== ms)
        throw new Error(`${ms} does not come back`);
      return ms;
    },
    { words: ['ms', 's', 'm', 'h', 'd', '.', '1.5', '9'] },
  ),
  textTarget('sizes', 'the command line and files', ['512', '64KiB', '1GiB'], parseBytes, {
    words: ['KiB', 'MiB'],
  }),
  textTarget('token-numbers', 'files of people', ['1500000', '500k', '1.5M'], parseTokens, {
    words: ['k', 'M', '.'],
  }),
  ...[agentName, durationMs, size, positive, count, aboveZero].map((read) =>
    textTarget(
      `flag-${read.name.toLowerCase()}`,
      'the command line',
      ['alice', '10s', '64KiB', '5', '0.5', '0'],
      read,
      { isRefusal: isBadArgument, words: ['e3', '0x1f', '1_0', '.'] },
    ),
  ),
  textTarget(
    'fmail-words',
    'the command line',
    [
      'send tasks hello -p high --tag a,b',
      'log -n5 --since=1h @bob',
      'inbox --json=false -- -x',
      'watch --limit 3',
    ],
    (text) => {
      const [name = '', ...words] = text.split(' ');
      const row = commands.find((one) => one.name === name) ?? commands[0];
      if (row === undefined) return undefined;
      const read = readInvocation(row, words.slice(0, 2_000));
      for (const { name: flag, value } of row.flags ?? []) {
        if (value === undefined) read?.flags.has(flag);
        else {
          read?.flags.list(flag);
          read?.flags.text(flag);
        }
      }
      return read?.args;
    },
    { words: ['--', '-', '=', '--json', '-n', ','], most: 32 * 1024 },
  ),
  textTarget('message-names', 'the command line', ['20260209-120000-0003', '3'], readMessage),
  textTarget(
    'remotes',
    'git configuration',
    remotes,
    (text) => [remoteKey(text), asName(projectOfOrigin(text))],
    {
      words: ['://', '@', ':', '.git', '%2f', '[', ']', '?', '#', '//'],
    },
  ),
  textTarget('project-names', 'folders and git configuration', [...remotes, '/home/é/Größe', '---'], (text) =>
    asName(projectName({ folder: text, remote: text })),
  ),
  textTarget(
    'environment',
    'the environment',
    ['demo', 'nats://127.0.0.1:4222', '7', 'alice', 'debug'],
    (text) =>
      [
        'WAGGLE_PROJECT',
        'FMAIL_AGENT',
        'WAGGLE_TASK',
        'WAGGLE_FENCE',
        'WAGGLE_RUN',
        'WAGGLE_LOG',
        'FMAIL_ROOT',
      ].map((name) => {
        try {
          return readEnvironment({ [name]: text });
        } catch (error) {
          if (!isWaggleError(error)) throw error;
          return error.code;
        }
      }),
  ),
  textTarget(
    'bus-url',
    'the environment',
    ['nats://a:b@127.0.0.1:4222', 'tls://h,localhost:1', 'nats://%41:%42@h'],
    (text) => findBus({ folder: '/', env: { WAGGLE_NATS_URL: text } }),
    { words: ['%', '%zz', '@', ',', '://', '['] },
  ),
  textTarget('nearest-names', 'files and the command line', ['profile', 'taskz'], (text) =>
    nearestName(text, ['tasks', 'profiles', 'defaults', '__proto__', 'constructor']),
  ),
  textTarget(
    'path-scopes',
    'task files',
    ['src/', 'src/a/b.ts', './x', 'a//b', '**/*.ts'],
    (text) => {
      const scopes = createPathScopes();
      // No longer path passes the schema.
      const paths = [text.slice(0, 1_024)];
      scopes.add('a', paths);
      if (scopes.overlap(paths, 'b') !== 'a') throw new Error('a path does not overlap itself');
      scopes.remove('a', paths);
      if (scopes.overlap([''], 'b') !== undefined) throw new Error('what was removed is still there');
      return scopes;
    },
    { words: ['/', '//', './', '..', 'src'] },
  ),
  textTarget('tracker-ids', 'the log of a tracker', ['sv-12', 'A.b'], taskIdOf),
  textTarget('one-line', 'names and titles of others', ['a\tb', '\x1b[31mred\x1b[0m'], singleLine),
];
