/**
 * What a nats-server says of itself, asked over its system account. Only who holds that account's login hears it:
 * for an embedded server it is kept in `.waggle/nats/`.
 */
import { join } from 'node:path';
import { readEmbeddedState } from '../../infra/nats/embedded-state.ts';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';

export interface ServerAccess {
  readonly urls: readonly string[];
  readonly user: string;
  readonly password: string;
}

/** The part of the server's word that matters here. */
export interface ServerWord {
  readonly version: string;
  /** Its wall clock, milliseconds since the epoch. */
  readonly now?: number;
  /** Absent: JetStream is off, or the server is too old to tell. */
  readonly jetstream?: { readonly storeDir?: string; readonly syncAlways: boolean; readonly peers: number };
}

const TIMEOUT_MS = 2_000;

/** Access to the server whose files are in `<stateRoot>/nats`; undefined when there are none. */
export async function embeddedAccess(
  stateRoot: string,
  urls: readonly string[],
): Promise<ServerAccess | undefined> {
  const state = await readEmbeddedState(join(stateRoot, 'nats', 'server.json'));
  const isThere = state !== undefined && urls.some((url) => url.endsWith(`:${state.port}`));
  return isThere ? { urls, user: 'sys', password: state.passwords.sys } : undefined;
}

/** Errors: the port's (unreachable, no such account, no answer). */
export async function askServer(access: ServerAccess, clock: Clock = systemClock): Promise<ServerWord> {
  const bus = await connectBus({
    ...access,
    account: 'swarm',
    name: 'waggle server-word',
    inboxPrefix: `_INBOX.sys.${randomId(10)}`,
    log: silentLog,
    clock,
    connectTimeoutMs: TIMEOUT_MS,
  });
  try {
    const answer = await bus.request('$SYS.REQ.SERVER.PING.VARZ', new Uint8Array(), {
      timeoutMs: TIMEOUT_MS,
    });
    return readServerWord(JSON.parse(Buffer.from(answer.payload).toString('utf8')));
  } finally {
    await bus.close();
  }
}

/** From the server's answer to a VARZ request. Pure; what is missing counts as not told. */
export function readServerWord(answer: unknown): ServerWord {
  const data = part(answer, 'data');
  const config = part(part(data, 'jetstream'), 'config');
  const cluster = part(part(data, 'jetstream'), 'meta');
  const storeDir = config?.['store_dir'];
  const now = Date.parse(String(data?.['now']));
  return {
    version: String(data?.['version'] ?? 'unknown'),
    ...(Number.isNaN(now) ? {} : { now }),
    ...(config === undefined
      ? {}
      : {
          jetstream: {
            syncAlways: config['sync_always'] === true,
            peers: Number(cluster?.['cluster_size'] ?? 1),
            ...(typeof storeDir === 'string' ? { storeDir } : {}),
          },
        }),
  };
}

function part(value: unknown, key: string): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = (value as Record<string, unknown>)[key];
  return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : undefined;
}
