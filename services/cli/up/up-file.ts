/**
 * `.waggle/up.json`: what `waggle up` runs here, for `down`, `ps` and a second `up`. Who runs is decided by pid
 * and start time together, so a file that a killed one left behind is never mistaken for a running one.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { writePrivateFile } from '../../../shared/config/whole-file.ts';
import { isAlive } from '../../../shared/process/identity.ts';

/** A process: `identity` is what the system says of its start. */
export interface UpProcess {
  readonly pid: number;
  readonly identity: string;
}

export interface UpService extends UpProcess {
  readonly name: string;
  /** Which leave together; lower ones first. */
  readonly stop_group: number;
  /** How long it may take to leave. */
  readonly drain_ms: number;
}

export type UpState = 'starting' | 'ready' | 'draining';

export interface UpFile extends UpProcess {
  readonly v: 1;
  readonly project: string;
  readonly state: UpState;
  readonly started_at: number;
  /** Those that run now, in the order in which they leave. */
  readonly services: readonly UpService[];
}

const NAME = 'up.json';

export const upFilePath = (root: string): string => join(root, '.waggle', NAME);

/** The folder whose lock a running `waggle up` holds. */
export const upLockFolder = (stateRoot: string): string => join(stateRoot, 'up');

export async function writeUpFile(root: string, file: UpFile): Promise<void> {
  const path = upFilePath(root);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writePrivateFile(path, `${JSON.stringify(file, undefined, 2)}\n`);
}

export async function removeUpFile(root: string): Promise<void> {
  await rm(upFilePath(root), { force: true });
}

/** Undefined when there is none, or none that can be read: it is only ever a hint to a process. */
export async function readUpFile(root: string): Promise<UpFile | undefined> {
  const text = await readFile(upFilePath(root), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
    throw error;
  });
  try {
    const value: unknown = JSON.parse(text);
    return isUpFile(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The nearest up.json in `folder` or above it, and the folder it belongs to. */
export async function findUpFile(folder: string): Promise<{ root: string; file: UpFile } | undefined> {
  for (let root = resolve(folder); ; root = dirname(root)) {
    const file = await readUpFile(root);
    if (file !== undefined) return { root, file };
    if (root === dirname(root)) return undefined;
  }
}

/** Whether that very process still runs. */
export function isRunning({ pid, identity }: UpProcess): Promise<boolean> {
  return isAlive({ pid, startedAt: identity });
}

function isUpFile(value: unknown): value is UpFile {
  if (typeof value !== 'object' || value === null) return false;
  const { v, project, services } = value as Record<string, unknown>;
  return (
    v === 1 &&
    typeof project === 'string' &&
    isProcess(value) &&
    Array.isArray(services) &&
    services.every(isService)
  );
}

function isService(value: unknown): boolean {
  if (!isProcess(value)) return false;
  const { name, stop_group, drain_ms } = value as Record<string, unknown>;
  return typeof name === 'string' && typeof stop_group === 'number' && typeof drain_ms === 'number';
}

function isProcess(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, identity } = value as Record<string, unknown>;
  return typeof pid === 'number' && typeof identity === 'string';
}
