/**
 * What a clean-up frees, by kind, for people and machines. Pure.
 */
import { formatBytes } from '../byte-text.ts';
import { noPaint, type Paint } from '../paint.ts';
import { formatTable } from '../table.ts';

/** The kinds in the order in which they are gone through. */
export const gcKinds = ['worktrees', 'runs', 'files', 'mail', 'snapshots', 'journal'] as const;
export type GcKind = (typeof gcKinds)[number];

export interface Freed {
  readonly kind: GcKind;
  readonly count: number;
  readonly bytes: number;
  /** What was left, and why. */
  readonly notes: readonly string[];
}

const units: Readonly<Record<GcKind, string>> = {
  worktrees: 'working trees',
  runs: 'run folders',
  files: 'chunks of files',
  mail: 'messages',
  snapshots: 'messages',
  journal: 'batches',
};

const sum = (freed: readonly Freed[]): number => freed.reduce((total, { bytes }) => total + bytes, 0);

/** For machines. */
export function freedRecord(freed: readonly Freed[], isDry: boolean): object {
  return { dry_run: isDry, bytes: sum(freed), kinds: freed };
}

/** For people. */
export function freedText(freed: readonly Freed[], isDry: boolean, paint: Paint = noPaint): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const rows = freed.map(({ kind, count, bytes }) => [kind, count, units[kind], formatBytes(bytes)]);
  const table = formatTable(['KIND', right('COUNT'), 'OF', right('SIZE')], rows, paint);
  const notes = freed.flatMap(({ notes: own }) => own.map((note) => `${note}\n`));
  const total = `${isDry ? 'would free' : 'freed'} ${formatBytes(sum(freed))}`;
  return `${table}${notes.length === 0 ? '' : `\n${notes.join('')}`}\n${total}\n`;
}
