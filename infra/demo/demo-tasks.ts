/**
 * The demo's tasks: one for each file, and a last one that depends on all of them. Pure.
 */
import type { TaskSpec } from '../../schemas/index.ts';
import type { ChosenFile } from './chosen-files.ts';
import type { ExpectedTask } from './verification.ts';

/** What the last task writes; a path that no file has. */
export function indexFileFor(paths: readonly string[]): string {
  const taken = new Set(paths);
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? 'FORMATTED.txt' : `FORMATTED-${n}.txt`;
    if (!taken.has(name)) return name;
  }
}

export function demoTasks(
  files: readonly ChosenFile[],
  indexFile: string,
): { readonly specs: readonly TaskSpec[]; readonly expected: readonly ExpectedTask[] } {
  const width = String(files.length).length;
  const one = files.map(({ path, blob }, at) => {
    const id = `file-${String(at + 1).padStart(width, '0')}`;
    const spec: TaskSpec = { id, title: `style: format ${path}`, body: `format ${path}`, paths: [path] };
    return { spec, expected: { id, path, blob } };
  });
  const last: TaskSpec = {
    id: 'index',
    title: 'docs: list every file after formatting',
    body: 'index',
    deps: one.map(({ spec }) => spec.id),
    paths: [indexFile],
  };
  return {
    specs: [...one.map(({ spec }) => spec), last],
    expected: [...one.map(({ expected }) => expected), { id: last.id, path: indexFile }],
  };
}
