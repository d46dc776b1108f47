/**
 * Which files the demo works on, and who says whether one parses: Node for what Node runs, the formatter's own
 * parser for the rest. Pure.
 */

export interface FileKind {
  /** Without the dot. */
  readonly extensions: readonly string[];
  readonly parser: 'module' | 'commonjs' | 'either' | 'formatter';
}

/** In the order in which files are chosen. */
export const fileKinds: readonly FileKind[] = [
  { extensions: ['mjs'], parser: 'module' },
  { extensions: ['cjs'], parser: 'commonjs' },
  { extensions: ['js'], parser: 'either' },
  { extensions: ['ts', 'mts', 'cts', 'tsx', 'jsx'], parser: 'formatter' },
];

/** Undefined for a file that the demo leaves alone. */
export function kindOf(path: string): FileKind | undefined {
  const extension = /\.([a-z]+)$/.exec(path)?.[1] ?? '';
  return fileKinds.find(({ extensions }) => extensions.includes(extension));
}

/** Whether a path goes through a shell script's `read` and git's listings as it is. */
export function isPlainPath(path: string): boolean {
  return !/[\u0000-\u001f\u007f"\\]|^\s|\s$/.test(path) && path.length <= 500;
}
