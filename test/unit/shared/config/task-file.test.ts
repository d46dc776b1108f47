import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { check } from '../../../../schemas/index.ts';
import { problemsText } from '../../../../shared/config/file-problem.ts';
import type { KnownNames } from '../../../../shared/config/task-checks.ts';
import { loadTaskFile, readTask, readTaskFile } from '../../../../shared/config/task-file.ts';
import { isWaggleError } from '../../../../shared/errors.ts';

const now = 1_000_000;
const read = (text: string, file = 'tasks.yaml', known: KnownNames = {}) =>
  readTaskFile(text, { file, now, known });
const tasks = (text: string, file?: string, known?: KnownNames) => {
  const outcome = read(text, file, known);
  if (!outcome.ok) throw new Error(problemsText(outcome.problems));
  return outcome.value;
};
const problems = (text: string, file?: string, known?: KnownNames) => {
  const outcome = read(text, file, known);
  return outcome.ok ? [] : problemsText(outcome.problems).split('\n');
};

describe('a task file', () => {
  it('is a list in YAML, JSON or JSON lines', () => {
    const expected = [
      { id: 'a', title: 'First', priority: 'P1' },
      { id: 'b.2', title: 'Second', deps: ['a'], not_before: now + 600_000 },
    ];
    const yaml =
      '- { id: A, title: First, priority: p1 }\n- id: B.2\n  title: " Second "\n  deps: [A, a]\n  not_before: +10m\n';
    const json =
      '[{"id":"A","title":"First","priority":1},\n{"id":"b.2","title":"Second","deps":["a"],"not_before":"10m"}]';
    const lines =
      '{"id":"a","title":"First","priority":"P1"}\n\n{"id":"b.2","title":"Second","deps":["a"],"not_before":1600000}\n';
    expect(tasks(yaml, 'tasks.yml')).toEqual(expected);
    expect(tasks(json, 'tasks.json')).toEqual(expected);
    expect(tasks(lines, 'tasks.jsonl')).toEqual(expected);
    expect(tasks(yaml, '-')).toEqual(expected);
  });

  it('may have defaults: an entry wins over them, null takes them away, none links a task to itself', () => {
    const text = `defaults: { priority: 1, labels: [x], parent: epic, deps: [base], expects: none }
tasks:
  - { id: epic, title: Epic, deps: }
  - { id: base, title: Base, parent: null }
  - { id: a, title: A, priority: P4, labels: [y], deps: [epic] }
`;
    expect(tasks(text)).toEqual([
      { id: 'epic', title: 'Epic', priority: 'P1', labels: ['x'], expects: 'none' },
      { id: 'base', title: 'Base', priority: 'P1', labels: ['x'], expects: 'none', deps: [] },
      { id: 'a', title: 'A', priority: 'P4', labels: ['y'], expects: 'none', parent: 'epic', deps: ['epic'] },
    ]);
  });

  it('takes every field of a task', () => {
    const full = {
      id: 'a',
      title: 'A',
      body: 'Goal: x\n',
      priority: 'P0',
      labels: ['x'],
      deps: ['b'],
      parent: 'c',
      lane: 'main',
      paths: ['src/a.ts', 'docs'],
      requires: { harness: 'command', profile: 'mock', os: 'linux', repo: 'x', labels: ['gpu'] },
      gates: ['VG-TEST'],
      expects: 'any',
      heavy: true,
      not_before: 5,
      max_attempts: 2,
      body_file: { owner: 'ann', sha256: 'e'.repeat(64), size_bytes: 1, chunks: 1 },
    };
    expect(tasks(JSON.stringify([full]), 'a.json')).toEqual([full]);
  });

  it('names every problem with its line, in the order of the file', () => {
    const text = `defaults: { lane: mian, id: x }
tasks:
  - id: A
    title: x
    priority: urgent
    deps: [b, A]
    gates: [VG-TSET]
  - id: b
    title: "y"
    dep: [a]
    parent: C
  - id: c
    title: z
    not_before: 2026-01-01T10:00
    deps: [B, zz]
    body: ${'é'.repeat(40_000)}
  - { id: a, title: 5 }
  - text
  - { id: "no good", paths: [/etc, ../x, ok], requires: { os: windows } }
  - { id: c2, title: "two\\nlines", max_attempts: 0, heavy: 'yes' }
extra: 1
`;
    const known = { lanes: new Set(['main']), gates: new Set(['VG-TEST']), taskIds: new Set(['zzz']) };
    expect(problems(text, 'tasks.yaml', known)).toEqual([
      'tasks.yaml:1: defaults: unknown key `id`; known are body, body_file, priority, labels, deps, parent, lane, paths, requires, gates, expects, heavy, and 2 more',
      'tasks.yaml:1: defaults.lane: no lane `mian` is configured; did you mean `main`?',
      'tasks.yaml:5: tasks[0].priority: expected one of P0…P4, got "urgent"',
      'tasks.yaml:6: tasks[0].deps[1]: `a` depends on itself',
      'tasks.yaml:7: tasks[0].gates[0]: no gate `VG-TSET` is configured; did you mean `VG-TEST`?',
      'tasks.yaml:10: tasks[1]: unknown key `dep`; did you mean `deps`?',
      'tasks.yaml:11: tasks[1].parent: deps and parents make a cycle: b -> c -> b',
      'tasks.yaml:14: tasks[2].not_before: expected a time zone after "2026-01-01T10:00", such as Z or +02:00',
      'tasks.yaml:15: tasks[2].deps[1]: no task `zz` in this file or on the board; did you mean `zzz`?',
      'tasks.yaml:16: tasks[2].body: expected at most 64 KiB (65536 bytes) of text, got 80000 bytes; put the rest in a file of the repository and name it',
      'tasks.yaml:17: tasks[3].title: expected one line of text, got 5; put it in quotes',
      'tasks.yaml:17: tasks[3].id: id `a` is used twice, on lines 3 and 17',
      'tasks.yaml:18: tasks[4]: expected a mapping with id, title, body, body_file, got "text"',
      'tasks.yaml:19: tasks[5].id: expected a task id of letters, digits, dots, dashes and underscores (at most 63), got "no good"',
      'tasks.yaml:19: tasks[5].paths[0]: expected a path inside the repository, without a leading / and without .., got "/etc"',
      'tasks.yaml:19: tasks[5].paths[1]: expected a path inside the repository, without a leading / and without .., got "../x"',
      'tasks.yaml:19: tasks[5].requires.os: expected one of linux, darwin, got "windows"',
      'tasks.yaml:19: tasks[5]: `title` is missing; expected one line of text',
      'tasks.yaml:20: tasks[6].title: expected one line of text, got "two\\nlines"',
      'tasks.yaml:20: tasks[6].max_attempts: expected a whole number from 1 to 100, got 0',
      'tasks.yaml:20: tasks[6].heavy: expected true or false, got "yes"',
      'tasks.yaml:21: unknown key `extra`; known: defaults, tasks',
    ]);
  });

  it('has its lines also as JSON lines, with the bad ones among the good', () => {
    const text = [
      '{"id":"a","title":"x"}',
      '',
      '{"id":"b",}',
      '{"id":"c","id":"d","title":"q"}',
      '{"id":"A","titel":"x"}',
      '[]',
    ].join('\n');
    expect(problems(text, 'tasks.jsonl')).toEqual([
      expect.stringMatching(/^tasks\.jsonl:3: is not valid JSON: ./),
      'tasks.jsonl:4: key `id` appears twice, first on line 4',
      'tasks.jsonl:5: tasks[3]: unknown key `titel`; did you mean `title`?',
      'tasks.jsonl:5: tasks[3].id: id `a` is used twice, on lines 1 and 5',
      'tasks.jsonl:6: tasks[4]: expected a mapping with id, title, body, body_file, got an empty list',
    ]);
  });

  it.each([
    [
      '',
      'tasks.yaml:1: expected a list of tasks, or `tasks:` with such a list (and `defaults:`), got an empty file',
    ],
    ['[]', 'tasks.yaml:1: holds no task'],
    ['tasks: []', 'tasks.yaml:1: tasks: holds no task'],
    [
      'a: 1\ntasks: x',
      'tasks.yaml:1: unknown key `a`; known: defaults, tasks\ntasks.yaml:2: tasks: expected a list of tasks',
    ],
    [
      'title: x',
      'tasks.yaml:1: expected a list of tasks, or `tasks:` with such a list (and `defaults:`), got a mapping without `tasks`',
    ],
    [
      '- title: x',
      'tasks.yaml:1: tasks[0]: `id` is missing; expected a task id of letters, digits, dots, dashes and underscores (at most 63)',
    ],
    ['- { id: a, title: x, parent: a }', 'tasks.yaml:1: tasks[0].parent: `a` is its own parent'],
    [
      '- id: 0012\n  title: x',
      'tasks.yaml:1: tasks[0].id: expected a task id of letters, digits, dots, dashes and underscores (at most 63), got 12; put it in quotes',
    ],
  ])('%j is refused', (text, expected) => {
    expect(problems(text).join('\n')).toBe(expected);
  });

  it('leaves deps outside the file to the board when nothing is known of it', () => {
    expect(tasks('- { id: a, title: x, deps: [elsewhere], parent: other }')).toHaveLength(1);
    const known = { taskIds: new Set(['elsewhere', 'other']) };
    expect(
      tasks('- { id: a, title: x, deps: [elsewhere], parent: other }', 'tasks.yaml', known),
    ).toHaveLength(1);
  });

  it('gives valid tasks or problems, whatever the entries are', () => {
    const key = fc.constantFrom(
      'id',
      'title',
      'body',
      'priority',
      'deps',
      'parent',
      'requires',
      'paths',
      'not_before',
      'zz',
      '__proto__',
    );
    const value = fc.oneof(
      fc.constantFrom('a', 'B', 'a b', '', 'P1', '+1m', null, 1, -1, true),
      fc.array(fc.constantFrom('a', 'b', '/', '', 3), { maxLength: 3 }),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const entry = fc.array(fc.tuple(key, value), { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs));
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 4 }), (entries) => {
        const outcome = read(JSON.stringify(entries), 'tasks.json');
        if (outcome.ok)
          for (const task of outcome.value) expect(check('TaskSpec', task)).toMatchObject({ ok: true });
        else expect(outcome.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it('may be long: its problems are as fast to find as its tasks', () => {
    const text = Array.from(
      { length: 3_000 },
      (_, n) =>
        `- id: t-${n}\n  title: Task ${n}\n  body: |\n    Goal: x\n\n    Done when: y\n  priority: P${n % 5}\n  deps: [t-${n + 1}]\n`,
    ).join('');
    expect(tasks(text)).toHaveLength(3_000);
    expect(problems(text.replaceAll('priority: P', 'priority: X'))).toHaveLength(3_000);
  });
});

describe('loading a task file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waggle-tasks-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('gives all tasks or one coded error with every problem', async () => {
    const path = join(folder, 'tasks.yaml');
    await writeFile(path, '- { id: a, title: x }\n');
    expect(await loadTaskFile(path, { now })).toEqual([{ id: 'a', title: 'x' }]);
    await writeFile(path, '- { id: a }\n- { title: x }\n');
    const error = await loadTaskFile(path, { now }).catch((thrown: unknown) => thrown);
    expect(isWaggleError(error, 'task-file-invalid') && error.exitCode).toBe(2);
    expect(isWaggleError(error) && error.message.split('\n')).toEqual([
      `${path}:1: tasks[0]: \`title\` is missing; expected one line of text`,
      `${path}:2: tasks[1]: \`id\` is missing; expected a task id of letters, digits, dots, dashes and underscores (at most 63)`,
    ]);
  });

  it('says which file cannot be read', async () => {
    const path = join(folder, 'absent.yaml');
    await expect(loadTaskFile(path, { now })).rejects.toThrow(`${path}: ENOENT`);
  });
});

describe('a task from flags', () => {
  const newId = () => 'k1';

  it('gets an id when it has none', () => {
    expect(readTask({ title: 'x', priority: 'p0' }, { now, newId })).toEqual({
      ok: true,
      value: { id: 'k1', title: 'x', priority: 'P0' },
    });
    expect(readTask({ id: 'Mine', title: 'x' }, { now, newId })).toMatchObject({ value: { id: 'mine' } });
  });

  it('has problems without lines', () => {
    const outcome = readTask({ title: '', priority: 'urgent', deps: ['k1'] }, { now, newId });
    expect(outcome.ok ? '' : problemsText(outcome.problems)).toBe(
      'title: expected one line of text, got ""\npriority: expected one of P0…P4, got "urgent"\ndeps[0]: `k1` depends on itself',
    );
  });
});
