/**
 * Doubles of the real coding agents, as programs, and what the real ones once printed.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HarnessName } from '../../../schemas/index.ts';

export type DoubledName = Exclude<HarnessName, 'command'>;

/** Those of which whole runs are recorded. */
export const RECORDED = ['claude', 'codex', 'opencode', 'pi', 'gemini'] as const satisfies DoubledName[];

const PROGRAM = fileURLToPath(new URL('double.mjs', import.meta.url));

/** Puts a program of that name into the folder, for `HarnessProfile.program`. See double.mjs for what it does. */
export function doubleIn(folder: string, name: DoubledName): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" ${name} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

export interface Recording {
  readonly lines: readonly string[];
  readonly exitCode: number;
  readonly stderr: string;
}

/** One recorded run. */
export function recordingOf(name: DoubledName, kase: string): Recording {
  const folder = new URL(`recorded/${name}/`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8'));
  const lines = readFileSync(new URL(`${kase}.jsonl`, folder), 'utf8')
    .trimEnd()
    .split('\n');
  return { lines, exitCode: cases[kase].exitCode, stderr: cases[kase].stderr };
}

/** Which runs are recorded. */
export function casesOf(name: DoubledName): string[] {
  const file = new URL(`recorded/${name}/cases.json`, import.meta.url);
  return Object.keys(JSON.parse(readFileSync(file, 'utf8')).cases);
}
