/**
 * Files that people write: waggle.yaml, task files in each format, and patches of tasks.
 */

import { withProfile } from '../../../services/cli/profile-draft.ts';
import { readPatch } from '../../../services/cli/task-patch.ts';
import { readConfig } from '../../../shared/config/config-file.ts';
import { projectKey } from '../../../shared/config/project-key.ts';
import { parseText } from '../../../shared/config/source-text.ts';
import type { TaskFileFormat } from '../../../shared/config/task-entries.ts';
import { readTaskFile } from '../../../shared/config/task-file.ts';
import { goldenOf } from '../samples.ts';
import { type Target, textTarget } from '../target.ts';

const NOW = Date.UTC(2026, 1, 9, 12);

const config = `project: demo
lanes:
  main: { gates: [VG-TEST], base: main }
gates:
  VG-TEST: { run: npm test, timeout: 10m }
profiles: &p
  claude-1:
    harness: claude
    account: ~/.claude-work
    env: [A, B]
    max_concurrency: 2
    timeout: 1h
  mine: { command: [sh, agent.sh, "{prompt_file}"] }
pools:
  agents: { profiles: [claude-1, mine], strategy: quota_aware }
budgets:
  project: { cost: 50, per: day, tokens: 1.5M }
policies: { lease: 30s, max_heavy: 1 }
workers: { count: 4, pool: agents }
`;

const tasks = `defaults: &d
  priority: P2
  labels: [one]
tasks:
  - id: par-1
    title: "Fix the parser" # words
    body: |
      Dates before 1970.

      See test.
    deps: [par-0]
    paths: [src/]
    not_before: +10m
  - { id: par-0, title: First, heavy: true, requires: { lane: main } }
`;

const lines = '{"id":"a-1","title":"One"}\n{"title":"Two","deps":["a-1"],"priority":1}\n';

const words = [
  ': ',
  '- ',
  'tasks:\n',
  'title: ',
  '&a ',
  '*a',
  '{a: ',
  '? ',
  '| \n',
  '"',
  "'",
  '!!binary ',
  '1h',
  '<<: *d',
  '#',
  '\t',
];

const MOST_PROBLEMS_TEXT = 4 * 1024 * 1024;

const taskFile = (format: TaskFileFormat) => (text: string) => {
  const read = readTaskFile(text, { file: `t.${format}`, format, now: NOW });
  if (read.ok) return read;
  const said = read.problems.reduce((sum, { message, key }) => sum + message.length + key.length, 0);
  if (said > MOST_PROBLEMS_TEXT) throw new Error(`${said} characters of problems`);
  return read;
};

/** Parsers of YAML make objects for each word. */
const keeps = { each: 600, besides: 1024 * 1024 };
const most = 24 * 1024;

export const fileTargets: readonly Target[] = [
  textTarget(
    'config',
    'waggle.yaml',
    [config, 'project: demo\n', ...goldenOf('ConfigFile').map((one) => JSON.stringify(one))],
    (text) => readConfig(text, { file: 'waggle.yaml', folder: '/srv/demo' }),
    { words: [...words, 'profiles:\n', 'lanes: ', 'budgets: ', 'per: day', '10KiB'], keeps, most },
  ),
  textTarget('config-project', 'waggle.yaml', [config, 'project: demo # x\n', '"project": x'], projectKey, {
    words: ['project', ':', ' #', '"'],
  }),
  textTarget(
    'yaml',
    'files of people',
    [config, tasks, '[1, 2]', 'a: &x [*x]'],
    (text) => parseText(text, 'yaml'),
    {
      words,
      keeps,
      most,
    },
  ),
  textTarget(
    'json-file',
    'files of people',
    ['{"tasks":[{"title":"x"}]}', '[]'],
    (text) => parseText(text, 'json'),
    {
      keeps,
      most,
    },
  ),
  textTarget(
    'tasks-yaml',
    'task files',
    [tasks, '- title: One\n- title: Two\n  deps: []\n'],
    taskFile('yaml'),
    {
      words,
      keeps,
      most,
    },
  ),
  textTarget(
    'tasks-json',
    'task files',
    [
      '{"defaults":{"priority":"P1"},"tasks":[{"id":"a","title":"One"}]}',
      JSON.stringify(goldenOf('TaskSpec')),
    ],
    taskFile('json'),
    { keeps, most },
  ),
  textTarget('tasks-jsonl', 'task files', [lines], taskFile('jsonl'), {
    words: ['\n', '{"title":"x"}\n'],
    keeps,
    most,
  }),
  textTarget(
    'task-patch',
    'people and scripts (--json)',
    ['{"title":"New","labels":["a"],"not_before":"+10m","body":null}'],
    (text) => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return undefined;
      }
      return readPatch(value, NOW);
    },
    { words: ['"title":', '"deps":[', '"requires":{'] },
  ),
  textTarget(
    'profile-added',
    'waggle.yaml',
    [
      config,
      'project: demo\n',
      'project: demo\nprofiles: {}\n',
      'project: x\r\nprofiles:\r\n  a: {harness: pi}\r\n',
    ],
    (text) => {
      // Only a file that is valid is written to.
      if (!readConfig(text, { file: 'waggle.yaml', folder: '/srv/demo' }).ok) return undefined;
      const written = withProfile(text, 'fresh', { harness: 'claude' });
      const read = readConfig(written, { file: 'waggle.yaml', folder: '/srv/demo' });
      if (!read.ok) throw new Error(`the file is not valid any more: ${read.problems[0]?.message}`);
      return written;
    },
    { words, keeps, most: 16 * 1024 },
  ),
];
