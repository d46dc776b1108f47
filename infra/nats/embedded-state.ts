/**
 * What an embedded server keeps between starts: its port and its passwords, so that workers in other terminals
 * find it again, with the rights they have, when it is started anew.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { writePrivateFile } from '../../shared/config/whole-file.ts';
import type { RandomId } from '../../shared/random.ts';
import type { NatsPasswords } from './config.ts';

export interface EmbeddedState {
  readonly v: 1;
  readonly port: number;
  readonly passwords: NatsPasswords;
}

/** Below the range from which systems take ports for outgoing connections, so that none takes ours. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

/** What is kept in `file`; undefined when there is none, or none that can be read (a new one replaces it). */
export async function readEmbeddedState(file: string): Promise<EmbeddedState | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  try {
    const value: unknown = JSON.parse(text);
    return isState(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps `state` in `file`, mode 0600. */
export async function writeEmbeddedState(file: string, state: EmbeddedState): Promise<void> {
  await writePrivateFile(file, `${JSON.stringify(state, undefined, 2)}\n`);
}

/** New passwords, some 165 bits each. */
export function newPasswords(random: RandomId): NatsPasswords {
  return { core: random(32), services: random(32), agent: random(32), sys: random(32) };
}

/** The first free port: `preferred` (the kept or the asked-for one), then some that hang on the folder's name. */
export async function pickPort(host: string, preferred: number | undefined, folder: string): Promise<number> {
  const start = createHash('sha256').update(folder).digest().readUInt32BE(0);
  const others = Array.from({ length: 50 }, (_, n) => FIRST_PORT + ((start + n * 7) % PORTS));
  for (const port of preferred === undefined ? others : [preferred, ...others]) {
    if (await isFree(host, port)) return port;
  }
  return -1;
}

async function isFree(host: string, port: number): Promise<boolean> {
  const probe = createServer();
  return await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

function isState(value: unknown): value is EmbeddedState {
  if (typeof value !== 'object' || value === null) return false;
  const { v, port, passwords } = value as Record<string, unknown>;
  if (v !== 1 || typeof port !== 'number' || typeof passwords !== 'object' || passwords === null)
    return false;
  const byUser = passwords as Record<string, unknown>;
  return ['core', 'services', 'agent', 'sys'].every((user) => typeof byUser[user] === 'string');
}
