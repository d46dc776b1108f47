/**
 * Where the bus is and with which credentials: `.waggle/bus.json`, written by `waggle up` and searched upward
 * from a folder, or `WAGGLE_NATS_URL`, which wins.
 *
 * The file holds passwords: it is written with mode 0600, as a whole. Whoever reads takes the credentials of
 * its role and no more: `core` and `swarm` for services, `agent` for workers, committers and operators.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, WaggleError } from '../errors.ts';
import { percentDecoded } from '../percent-decoded.ts';
import { shownValue } from '../shown-value.ts';
import { writePrivateFile } from './whole-file.ts';

export interface BusLogin {
  readonly user: string;
  readonly password: string;
}

export interface BusFile {
  readonly v: 1;
  readonly project: string;
  readonly urls: readonly string[];
  readonly core: BusLogin;
  readonly swarm: BusLogin;
  readonly agent: BusLogin;
  readonly server: {
    readonly version: string;
    readonly pid: number;
    readonly durability: string;
  };
}

/** What a role needs to connect. Logins are absent where the server asks for none. */
export interface BusPlace {
  /** The file it comes from, or `WAGGLE_NATS_URL`: for messages. */
  readonly source: string;
  /** The folder that holds `.waggle/`; absent when the environment named the bus. */
  readonly root?: string;
  readonly project?: string;
  readonly urls: readonly string[];
  readonly core?: BusLogin;
  readonly swarm?: BusLogin;
  readonly agent?: BusLogin;
  /** `WAGGLE_NATS_CREDS` as it stands. */
  readonly creds?: string;
}

const RELATIVE = join('.waggle', 'bus.json');

/** Writes `.waggle/bus.json` under `root` and gives its path. */
export async function writeBusFile(root: string, bus: BusFile): Promise<string> {
  const path = join(root, RELATIVE);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writePrivateFile(path, `${JSON.stringify(bus, undefined, 2)}\n`);
  return path;
}

/** Removes `.waggle/bus.json` under `root`, if it is there. */
export async function removeBusFile(root: string): Promise<void> {
  await rm(join(root, RELATIVE), { force: true });
}

/** Reads one bus file; undefined when it isn't there. Errors: `config-invalid` naming every fault. */
export async function readBusFile(path: string): Promise<BusFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new WaggleError('config-invalid', { file: path, problems: messageOf(error) }, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const problems = `not JSON (${messageOf(error)}); \`waggle up\` writes it anew (where it runs: after \`waggle down\`)`;
    throw new WaggleError('config-invalid', { file: path, problems }, { cause: error });
  }
  const problems = faultsOf(value);
  if (problems.length > 0) {
    throw new WaggleError('config-invalid', {
      file: path,
      problems: `${problems.join('; ')}; \`waggle up\` writes it anew (where it runs: after \`waggle down\`)`,
    });
  }
  return value as BusFile;
}

/**
 * Where the bus is, seen from `folder`. Errors: `bus-unknown`, `config-invalid` (a damaged file),
 * `usage` (a malformed `WAGGLE_NATS_URL`).
 */
export async function findBus(options: {
  folder: string;
  env: Readonly<Record<string, string | undefined>>;
}): Promise<BusPlace> {
  const { env } = options;
  const named = env['WAGGLE_NATS_URL'];
  if (named !== undefined && named.trim() !== '') return fromUrl(named, env['WAGGLE_NATS_CREDS']);

  const folder = resolve(options.folder);
  for (let root = folder; ; root = dirname(root)) {
    const path = join(root, RELATIVE);
    const bus = await readBusFile(path);
    if (bus !== undefined) {
      const { project, urls, core, swarm, agent } = bus;
      return { source: path, root, project, urls, core, swarm, agent };
    }
    if (root === dirname(root)) throw new WaggleError('bus-unknown', { folder });
  }
}

/** `nats://user:password@host:port`, or several with commas between; one login serves every account. */
function fromUrl(text: string, creds: string | undefined): BusPlace {
  let login: BusLogin | undefined;
  const urls = text.split(',').map((part) => {
    const spelled = part.trim();
    const address = spelled.includes('://') ? spelled : `nats://${spelled}`;
    if (!URL.canParse(address)) throw malformed();
    const url = new URL(address);
    if (url.hostname === '' || !/^(nats|tls|wss?):$/.test(url.protocol)) throw malformed();
    if (url.username !== '') {
      login ??= { user: percentDecoded(url.username), password: percentDecoded(url.password) };
    }
    url.username = '';
    url.password = '';
    return url.toString().replace(/\/$/, '');
  });
  const logins = login === undefined ? {} : { core: login, swarm: login, agent: login };
  return { source: 'WAGGLE_NATS_URL', urls, ...logins, ...(creds ? { creds } : {}) };
}

function malformed(): WaggleError {
  // The text itself is not shown: it may hold a password.
  return new WaggleError('usage', {
    message: 'WAGGLE_NATS_URL: expected nats://[user:password@]host[:port], or several with commas between',
  });
}

function faultsOf(value: unknown): string[] {
  if (!isRecord(value)) return ['expected an object'];
  const faults: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) faults.push(what);
  };
  expect(value['v'] === 1, `v: expected 1, found ${shownValue(value['v'])}`);
  expect(isText(value['project']), 'project: expected a name');
  const urls = value['urls'];
  expect(Array.isArray(urls) && urls.length > 0 && urls.every(isText), 'urls: expected a list of URLs');
  for (const key of ['core', 'swarm', 'agent']) {
    const login = value[key];
    expect(
      isRecord(login) && isText(login['user']) && isText(login['password']),
      `${key}: expected user and password`,
    );
  }
  const server = value['server'];
  expect(
    isRecord(server) &&
      isText(server['version']) &&
      typeof server['pid'] === 'number' &&
      isText(server['durability']),
    'server: expected version, pid and durability',
  );
  return faults;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
