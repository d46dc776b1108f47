/**
 * Runs the fuzzing in a process of its own, and goes on behind an input that ended that process or keeps it: a stack that
 * ends within the runtime, a memory that is full, code that never lets go.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from './finding.ts';
import { lastPlace } from './progress.ts';

export interface GuardedRun {
  /** The program and its arguments but for targets, time and the file of its place. */
  readonly argv: readonly string[];
  readonly targets: readonly string[];
  readonly seed: string;
  readonly minutes: number;
  readonly onFinding: (finding: Finding) => void;
  /** How long one input may take in all; shorter in tests. */
  readonly stallMs?: number;
}

const STALL_MS = 120_000;
const LOOK_MS = 500;

/** Gives the exit code: 1 when something was found, here or in the process. */
export async function runGuarded(run: GuardedRun): Promise<0 | 1 | 2> {
  const folder = mkdtempSync(join(tmpdir(), 'waggle-fuzz-'));
  const file = join(folder, 'place');
  try {
    return await runAll(run, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runAll({ argv, targets, seed, minutes, onFinding, stallMs }: GuardedRun, file: string) {
  let left = targets;
  let code: 0 | 1 | 2 = 0;
  while (left.length > 0) {
    writeFileSync(file, '');
    const part = String((minutes * left.length) / targets.length);
    const chosen = left.flatMap((name) => ['--target', name]);
    const end = await ended(
      [...argv, '--minutes', part, '--progress', file, ...chosen],
      file,
      stallMs ?? STALL_MS,
    );
    if (end.code === 2) return 2;
    if (end.code === 1) code = 1;
    if (end.code !== undefined) return code;
    const place = lastPlace(file);
    if (place === undefined) throw new Error(`the fuzzing process ended before its first input: ${end.how}`);
    const fault = end.isStalled ? 'hang' : 'crash';
    onFinding({ ...place, fault, seed, says: `its process was ended: ${end.how}`, input: new Uint8Array() });
    code = 1;
    left = left.slice(left.indexOf(place.target) + 1);
  }
  return code;
}

interface End {
  /** Absent: it did not end by itself. */
  readonly code?: 0 | 1 | 2;
  readonly how: string;
  readonly isStalled: boolean;
}

async function ended(args: readonly string[], file: string, stallMs: number): Promise<End> {
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  let isStalled = false;
  const watch = watchPlace(file, stallMs, () => {
    isStalled = true;
    child.kill('SIGKILL');
  });
  try {
    const how = await endOf(child);
    if (how === 0 || how === 1 || how === 2) return { code: how, how: String(how), isStalled };
    return { how: isStalled ? `no other input came within ${stallMs} ms` : String(how), isStalled };
  } finally {
    clearInterval(watch);
  }
}

function watchPlace(file: string, stallMs: number, stalled: () => void): NodeJS.Timeout {
  let last = '';
  let looks = 0;
  return setInterval(() => {
    const { target = '', number = 0 } = lastPlace(file) ?? {};
    const place = `${target} ${number}`;
    looks = place === last ? looks + 1 : 0;
    last = place;
    if (looks * LOOK_MS > stallMs) stalled();
  }, LOOK_MS);
}

const endOf = (child: ChildProcess): Promise<number | string> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
