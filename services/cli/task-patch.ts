/**
 * What an edit changes, read by the rules of a task file: all of it, or every problem. `null` clears a field.
 * Pure.
 */
import type { TaskPatch } from '../../schemas/index.ts';
import type { FileProblem, FileReading, PathProblem } from '../../shared/config/file-problem.ts';
import { keyText } from '../../shared/config/file-problem.ts';
import { suggestion } from '../../shared/config/nearest-name.ts';
import { expectedGot, isMapping, type ObjectShape, readShape } from '../../shared/config/shape.ts';
import { taskShape } from '../../shared/config/task-shape.ts';

const patchable = [
  'title',
  'body',
  'body_file',
  'priority',
  'labels',
  'deps',
  'parent',
  'paths',
  'gates',
  'requires',
  'heavy',
  'not_before',
  'max_attempts',
];

/** What clearing a field leaves there. */
const cleared: Readonly<Record<string, null | readonly []>> = {
  body: null,
  body_file: null,
  parent: null,
  requires: null,
  not_before: null,
  labels: [],
  deps: [],
  paths: [],
  gates: [],
};

/** `value` as JSON or flags give it; `now` in milliseconds since the epoch, where `+10m` starts from. */
export function readPatch(value: unknown, now: number): FileReading<TaskPatch> {
  const problems: FileProblem[] = [];
  const report = ({ path, message }: PathProblem) => {
    problems.push({ file: '', line: 0, key: keyText(path), message });
  };
  if (!isMapping(value)) {
    report({ path: [], message: expectedGot('a JSON object of the fields to change', value) });
    return { ok: false, problems };
  }
  const { keys } = taskShape(now);
  const shape: ObjectShape = {
    kind: 'object',
    keys: Object.fromEntries(Object.entries(keys).filter(([key]) => patchable.includes(key))),
    required: [],
  };
  const read = readShape(shape, value, [], report) as TaskPatch;
  const nulls = Object.keys(value).filter((key) => value[key] === null && patchable.includes(key));
  for (const key of nulls.filter((one) => !Object.hasOwn(cleared, one))) {
    report({ path: [key], message: `it cannot be cleared; ${suggestion(key, Object.keys(cleared))}` });
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: { ...read, ...Object.fromEntries(nulls.map((key) => [key, cleared[key]])) } };
}
