/**
 * Finds a nats-server on this machine and asks its version. Installs nothing.
 *
 * `NATS_SERVER` decides alone when it is set; otherwise the folders of PATH and then the usual places, because
 * `/usr/sbin`, where Debian puts the server, is missing from the PATH of most users.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, WaggleError } from '../../shared/errors.ts';
import { formatNatsVersion, isAtLeast, type NatsVersion, OLDEST_NATS, parseNatsVersion } from './version.ts';

const run = promisify(execFile);

export interface NatsBinary {
  readonly path: string;
  readonly version: NatsVersion;
}

export interface FindOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folders to search after those of PATH; default: where package managers put the server. */
  readonly folders?: readonly string[];
}

const USUAL_FOLDERS = [
  '/usr/local/bin',
  '/usr/bin',
  '/usr/local/sbin',
  '/usr/sbin',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/nats-server/bin',
  '/usr/local/opt/nats-server/bin',
  '/home/linuxbrew/.linuxbrew/bin',
  '/opt/local/bin',
];

/**
 * The first nats-server that is new enough; undefined when there is none at all.
 * Errors: `nats-too-old` when those found are older than 2.9.10, `nats-failed` when `NATS_SERVER` is no server.
 */
export async function findNatsServer(options: FindOptions): Promise<NatsBinary | undefined> {
  const named = options.env['NATS_SERVER'];
  if (named !== undefined && named !== '') return await askNamed(named);
  let old: NatsBinary | undefined;
  for (const path of candidates(options)) {
    if (!(await isExecutable(path))) continue;
    // A file of that name which doesn't tell its version is not a server; the next folder may hold one.
    const version = await askVersion(path).catch(() => undefined);
    if (version === undefined) continue;
    if (isAtLeast(version, OLDEST_NATS)) return { path, version };
    old ??= { path, version };
  }
  if (old !== undefined) throw tooOld(old);
  return undefined;
}

async function askNamed(named: string): Promise<NatsBinary> {
  const path = isAbsolute(named) ? named : resolve(named);
  const version = await askVersion(path).catch((error: unknown) => {
    throw new WaggleError(
      'nats-failed',
      { cause: `NATS_SERVER names ${path}, which does not answer --version: ${messageOf(error)}` },
      { cause: error },
    );
  });
  if (version === undefined) {
    throw new WaggleError('nats-failed', {
      cause: `NATS_SERVER names ${path}, which is not a nats-server; give the path of one, or unset it`,
    });
  }
  if (!isAtLeast(version, OLDEST_NATS)) throw tooOld({ path, version });
  return { path, version };
}

function candidates({ env, folders = USUAL_FOLDERS }: FindOptions): Set<string> {
  const onPath = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  return new Set([...onPath, ...folders].map((folder) => join(folder, 'nats-server')));
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function askVersion(path: string): Promise<NatsVersion | undefined> {
  const { stdout, stderr } = await run(path, ['--version'], { timeout: 10_000, killSignal: 'SIGKILL' });
  const line = /nats-server: *(\S+)/.exec(`${stdout}\n${stderr}`)?.[1];
  return line === undefined ? undefined : parseNatsVersion(line);
}

function tooOld({ path, version }: NatsBinary): WaggleError {
  return new WaggleError('nats-too-old', {
    path,
    version: formatNatsVersion(version),
    oldest: formatNatsVersion(OLDEST_NATS),
  });
}
