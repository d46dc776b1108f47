/**
 * A problem in a file that a person wrote: where it stands and what to do. All problems of a file are
 * collected and reported together, in the order of the file.
 */

/** Steps from the top of a file to a value. */
export type Path = readonly (string | number)[];

/** A problem before its place in the text is known. `at` has the line when it isn't `path`'s own. */
export interface PathProblem {
  readonly path: Path;
  readonly at?: Path;
  readonly message: string;
}

/** `line` counts from 1 (0: not from a file); `key` is dotted, empty for the file as a whole. */
export interface FileProblem {
  readonly file: string;
  readonly line: number;
  readonly key: string;
  readonly message: string;
}

/** All or nothing: what was read, or every problem found. */
export type FileReading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

/** `tasks[3].deps[0]`; keys with dots or brackets of their own are quoted. */
export function keyText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `${text === '' ? '' : '.'}${JSON.stringify(step)}`;
  }
  return text;
}

/** `tasks.yaml:14: tasks[3].priority: expected …`. */
export function problemText(problem: FileProblem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}` : problem.file;
  return [place, problem.key, problem.message].filter((part) => part !== '').join(': ');
}

/** The problems as lines, in the order of the file. */
export function problemsText(problems: readonly FileProblem[]): string {
  return problems.map(problemText).join('\n');
}

/** In the order of the file; stable, so that problems of one line keep the order they were found in. */
export function inFileOrder(problems: readonly FileProblem[]): FileProblem[] {
  return [...problems].sort((a, b) => a.line - b.line);
}
