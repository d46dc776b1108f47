/**
 * The board's problems with tasks of a file, as problems of that file: with their line and key. Pure.
 */
import type { Problem } from '../../schemas/index.ts';
import { type FileProblem, inFileOrder, keyText, type Path } from '../../shared/config/file-problem.ts';
import { taskId } from '../../shared/config/scalars.ts';
import { isMapping } from '../../shared/config/shape.ts';
import type { Entry } from '../../shared/config/task-entries.ts';

/** In the order of the file. `entries` as the file has them. */
export function problemsInFile(
  problems: readonly Problem[],
  entries: readonly Entry[],
  file: string,
): FileProblem[] {
  const byId = new Map<string, Entry>();
  for (const entry of entries) {
    const id = isMapping(entry.value) ? taskId.read(entry.value['id']) : undefined;
    if (typeof id === 'string') byId.set(id, entry);
  }
  const placed = problems.map(({ task, key, message }): FileProblem => {
    const entry = byId.get(task ?? '');
    if (entry === undefined) return { file, line: 0, key: key ?? '', message };
    const path = placeIn(entry, key, message);
    return { file, line: entry.lineOf(path), key: keyText([...entry.path, ...path]), message };
  });
  return inFileOrder(placed);
}

/** The key, and in a list the entry that the message names. */
function placeIn({ value }: Entry, key: string | undefined, message: string): Path {
  if (key === undefined || !isMapping(value)) return [];
  const list = value[key];
  // A key that the entry doesn't have stands among the defaults of the file.
  if (list === undefined) return [];
  if (!Array.isArray(list)) return [key];
  const words = new Set(message.toLowerCase().split(/[\s;,:]+/));
  const index = list.findIndex((one) => typeof one === 'string' && words.has(one.trim().toLowerCase()));
  return index < 0 ? [key] : [key, index];
}
