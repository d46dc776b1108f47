/**
 * A task file's text as entries that know their lines: a list, a mapping with `tasks` and `defaults`, or
 * one JSON object a line. Says nothing about what an entry holds.
 */
import { extname } from 'node:path';
import { type FileProblem, keyText, type Path } from './file-problem.ts';
import { suggestion } from './nearest-name.ts';
import { isMapping } from './shape.ts';
import { parseText, type SourceText } from './source-text.ts';

export type TaskFileFormat = 'yaml' | 'json' | 'jsonl';

/** One entry, or the defaults. */
export interface Entry {
  readonly value: unknown;
  /** What its problems call it: `tasks[3]`, `defaults`, or nothing for a task that stands alone. */
  readonly path: Path;
  /** The line of a place inside the entry (path from the entry on). */
  lineOf(path: Path): number;
}

export interface Entries {
  readonly defaults?: Entry;
  readonly tasks: readonly Entry[];
  readonly problems: readonly FileProblem[];
}

/** The format that the file's name tells; undefined when it is none of a task file. */
export function taskFileFormat(file: string): TaskFileFormat | undefined {
  switch (extname(file).toLowerCase()) {
    case '.yaml':
    case '.yml':
      return 'yaml';
    case '.json':
      return 'json';
    case '.jsonl':
    case '.ndjson':
      return 'jsonl';
    default:
      return undefined;
  }
}

/** The entries of `text`, and the problems that kept others from being read. */
export function readEntries(text: string, file: string, format: TaskFileFormat): Entries {
  return format === 'jsonl' ? readLines(text, file) : readDocument(text, file, format);
}

function readDocument(text: string, file: string, format: 'yaml' | 'json'): Entries {
  const parsed = parseText(text, format);
  if (!parsed.ok) {
    return { tasks: [], problems: parsed.problems.map((problem) => ({ file, key: '', ...problem })) };
  }
  const { source } = parsed;
  const top = source.value;
  if (Array.isArray(top)) return withTasks(top, [], source, file);
  if (!isMapping(top) || !('tasks' in top)) {
    const got =
      top === undefined || top === null
        ? 'an empty file'
        : isMapping(top)
          ? 'a mapping without `tasks`'
          : 'text';
    const message = `expected a list of tasks, or \`tasks:\` with such a list (and \`defaults:\`), got ${got}`;
    return { tasks: [], problems: [{ file, line: 1, key: '', message }] };
  }
  const known = ['defaults', 'tasks'];
  const problems = Object.keys(top)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      file,
      line: source.lineOf([key]),
      key: '',
      message: `unknown key \`${key}\`; ${suggestion(key, known)}`,
    }));
  const { defaults, tasks } = top;
  const list = Array.isArray(tasks) ? withTasks(tasks, ['tasks'], source, file) : noList(source, file);
  return {
    ...list,
    problems: [...problems, ...list.problems],
    ...(defaults === undefined || defaults === null
      ? {}
      : {
          defaults: {
            value: defaults,
            path: ['defaults'],
            lineOf: (path: Path) => source.lineOf(['defaults', ...path]),
          },
        }),
  };
}

function withTasks(values: readonly unknown[], base: Path, source: SourceText, file: string): Entries {
  const tasks = values.map((value, index) => ({
    value,
    path: ['tasks', index],
    lineOf: (path: Path) => source.lineOf([...base, index, ...path]),
  }));
  const empty = { file, line: source.lineOf(base), key: keyText(base), message: 'holds no task' };
  return { tasks, problems: tasks.length === 0 ? [empty] : [] };
}

function noList(source: SourceText, file: string): Entries {
  const problem = { file, line: source.lineOf(['tasks']), key: 'tasks', message: 'expected a list of tasks' };
  return { tasks: [], problems: [problem] };
}

function readLines(text: string, file: string): Entries {
  const tasks: Entry[] = [];
  const problems: FileProblem[] = [];
  for (const [index, content] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = index + 1;
    if (content.trim() === '') continue;
    const parsed = parseText(content, 'json', line);
    if (parsed.ok) {
      tasks.push({ value: parsed.source.value, path: ['tasks', tasks.length], lineOf: () => line });
    } else {
      // The place in the list stays taken, so that the numbers of the others don't move.
      tasks.push({ value: undefined, path: ['tasks', tasks.length], lineOf: () => line });
      for (const { message } of parsed.problems) problems.push({ file, line, key: '', message });
    }
  }
  if (tasks.length === 0) problems.push({ file, line: 1, key: '', message: 'holds no task' });
  return { tasks: tasks.filter((task) => task.value !== undefined), problems };
}
