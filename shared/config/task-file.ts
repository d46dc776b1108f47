/**
 * Task files (`.yaml`, `.yml`, `.json`, `.jsonl`) and single tasks from flags as TaskSpecs: all of them, or
 * every problem.
 *
 * 1. An entry's own keys win over the file's `defaults`, key by key; lists are not merged, and `null` takes a
 *    default away.
 * 2. What comes out has passed the generated validator.
 */
import { readFile } from 'node:fs/promises';
import { check, type TaskSpec } from '../../schemas/index.ts';
import { messageOf, WaggleError } from '../errors.ts';
import {
  type FileProblem,
  type FileReading,
  inFileOrder,
  keyText,
  type PathProblem,
  problemsText,
} from './file-problem.ts';
import { isMapping, type ObjectShape, readShape } from './shape.ts';
import { checkTasks, type KnownNames, type PlacedTask } from './task-checks.ts';
import { type Entry, readEntries, type TaskFileFormat, taskFileFormat } from './task-entries.ts';
import { taskShape } from './task-shape.ts';

export interface TaskFileOptions {
  /** The file's name as its problems should show it. */
  readonly file: string;
  /** Milliseconds since the epoch, where `not_before: +10m` starts from. */
  readonly now: number;
  /** By default what the name tells, else YAML (which JSON is part of). */
  readonly format?: TaskFileFormat;
  readonly known?: KnownNames;
}

/** Reads the file at `path`. Errors: `task-file-invalid`, with all problems in its message and in `list`. */
export async function loadTaskFile(
  path: string,
  options: Omit<TaskFileOptions, 'file'>,
): Promise<TaskSpec[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new WaggleError(
      'task-file-invalid',
      { problems: `${path}: ${messageOf(error)}`, list: [] },
      { cause: error },
    );
  }
  const read = readTaskFile(text, { ...options, file: path });
  if (!read.ok) throw taskFileInvalid(read.problems);
  return read.value;
}

/** From the text of a task file to its tasks, in the file's order. Pure. */
export function readTaskFile(text: string, options: TaskFileOptions): FileReading<TaskSpec[]> {
  const format = options.format ?? taskFileFormat(options.file) ?? 'yaml';
  const entries = readEntries(text, options.file, format);
  return readTasks(entries.tasks, entries.defaults, entries.problems, options);
}

/**
 * One task as flags give it, by the same rules; its problems have keys but no lines. `newId` fills in a
 * missing id, and may be called again when the board knows the id already.
 */
export function readTask(
  value: Readonly<Record<string, unknown>>,
  options: { readonly now: number; readonly newId: () => string; readonly known?: KnownNames },
): FileReading<TaskSpec> {
  const withId = value.id === undefined || value.id === null ? { ...value, id: options.newId() } : value;
  const entry: Entry = { value: withId, path: [], lineOf: () => 0 };
  const read = readTasks([entry], undefined, [], { ...options, file: '' });
  const task = read.ok ? read.value[0] : undefined;
  if (task !== undefined) return { ok: true, value: task };
  return { ok: false, problems: read.ok ? [] : read.problems };
}

/** The error that carries all problems. */
export function taskFileInvalid(list: readonly FileProblem[]): WaggleError {
  return new WaggleError('task-file-invalid', { problems: problemsText(list), list });
}

function readTasks(
  entries: readonly Entry[],
  defaultsEntry: Entry | undefined,
  earlier: readonly FileProblem[],
  options: TaskFileOptions,
): FileReading<TaskSpec[]> {
  const problems = [...earlier];
  const report =
    (entry: Pick<Entry, 'path' | 'lineOf'>) =>
    ({ path, at, message }: PathProblem) => {
      const key = keyText([...entry.path, ...path]);
      problems.push({ file: options.file, line: entry.lineOf(at ?? path), key, message });
    };
  const shape = taskShape(options.now);
  const place = (entry: Entry, entryShape: ObjectShape, defaults: Partial<TaskSpec>): PlacedTask[] => {
    const own = readShape(entryShape, entry.value, [], report(entry)) as Partial<TaskSpec> | undefined;
    if (own === undefined) return [];
    return [{ own, task: withDefaults(own, entry.value, defaults), path: entry.path, lineOf: entry.lineOf }];
  };
  const defaults =
    defaultsEntry === undefined ? undefined : place(defaultsEntry, defaultsShape(shape), {})[0];
  const placed = entries.flatMap((entry) => place(entry, shape, defaults?.own ?? {}));
  for (const { of, ...problem } of checkTasks(placed, defaults, options.known ?? {})) report(of)(problem);
  const tasks: TaskSpec[] = [];
  if (problems.length === 0) {
    for (const of of placed) {
      const checked = check('TaskSpec', of.task);
      if (checked.ok) tasks.push(checked.value);
      // The shape and the schema disagree: the schema is right.
      else report(of)({ path: checked.path === '' ? [] : checked.path.split('.'), message: checked.fault });
    }
  }
  return problems.length > 0 ? { ok: false, problems: inFileOrder(problems) } : { ok: true, value: tasks };
}

function defaultsShape(shape: ObjectShape): ObjectShape {
  const { id: _, title: __, ...keys } = shape.keys;
  return { kind: 'object', keys, required: [] };
}

/** A default never links a task to itself, so that an epic may stand in the same file as its children. */
function withDefaults(own: Partial<TaskSpec>, raw: unknown, defaults: Partial<TaskSpec>): Partial<TaskSpec> {
  const kept = Object.entries(defaults).filter(
    ([key, value]) => !(isMapping(raw) && raw[key] === null) && !(key === 'parent' && value === own.id),
  );
  const task: Partial<TaskSpec> = { ...Object.fromEntries(kept), ...own };
  if (task.deps === undefined) return task;
  return { ...task, deps: [...new Set(own.deps ?? task.deps.filter((id) => id !== own.id))] };
}
