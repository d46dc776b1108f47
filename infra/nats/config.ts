/**
 * The configuration of an embedded nats-server, as text. Pure.
 *
 * 1. The server listens on the loopback alone, and has no monitoring port.
 * 2. Two accounts with JetStream: CORE (journal, snapshots, leaders) and SWARM (mail, beats, output, files).
 * 3. The user `agent` holds no `$JS.API` right (DESIGN 2.2): with one, a client makes the *server* store bytes
 *    under subjects the client may not publish to. It may neither speak as the server's republish or as the
 *    leader, nor answer in place of the services.
 * 4. A key that the server's version doesn't know is never written: it would refuse to start.
 */
import { knowsSyncAlways, type NatsVersion } from './version.ts';

/** Passwords by user: `core` in CORE, `services` and `agent` in SWARM, `sys` in the system account. */
export interface NatsPasswords {
  readonly core: string;
  readonly services: string;
  readonly agent: string;
  readonly sys: string;
}

export interface NatsConfig {
  readonly serverName: string;
  readonly host: '127.0.0.1' | '::1';
  /** -1 lets the server pick a free one; `portsDir` then says which. */
  readonly port: number;
  /** Folder of JetStream's files. */
  readonly storeDir: string;
  /** Folder where the server writes `<program>_<pid>.ports` once it answers. */
  readonly portsDir: string;
  readonly pidFile?: string;
  readonly version: NatsVersion;
  readonly passwords: NatsPasswords;
  /** Default: 1 MiB, the server's own. */
  readonly maxPayloadBytes?: number;
  /** Whether each PubAck waits for an fsync, where the server knows how. Default: true. */
  readonly syncAlways?: boolean;
}

// A list of what may be heard, not of what may not: the server lets a wider wildcard past a denied one.
const AGENT_PERMISSIONS = `{
          publish: {
            allow: ["wg.>", "_INBOX.>"]
            deny: ["wg.*.live.>", "wg.*.leader"]
          }
          subscribe: {
            allow: ["wg.*.control.>", "wg.*.leader", "wg.*.live.>", "wg.*.beat.>", "wg.*.output.>", "_INBOX.>"]
          }
        }`;

/** The text of the configuration file. It holds passwords: write it with mode 0600. */
export function renderNatsConfig(config: NatsConfig): string {
  const { passwords } = config;
  const jetstream = [`store_dir: ${quote(config.storeDir)}`];
  if ((config.syncAlways ?? true) && knowsSyncAlways(config.version)) jetstream.push('sync_interval: always');
  const pidFile = config.pidFile === undefined ? '' : `pid_file: ${quote(config.pidFile)}\n`;
  return `server_name: ${quote(config.serverName)}
host: ${quote(config.host)}
port: ${config.port}
http: -1
ports_file_dir: ${quote(config.portsDir)}
${pidFile}max_payload: ${config.maxPayloadBytes ?? 1_048_576}

jetstream {
  ${jetstream.join('\n  ')}
}

accounts {
  CORE {
    jetstream: enabled
    users: [
      { user: core, password: ${quote(passwords.core)} }
    ]
  }
  SWARM {
    jetstream: enabled
    users: [
      { user: services, password: ${quote(passwords.services)} }
      {
        user: agent
        password: ${quote(passwords.agent)}
        permissions: ${AGENT_PERMISSIONS}
      }
    ]
  }
  SYS {
    users: [
      { user: sys, password: ${quote(passwords.sys)} }
    ]
  }
}
system_account: SYS
`;
}

/** How durable an append is on an embedded server of this version: against a kill, or a power loss too. */
export function embeddedDurability(version: NatsVersion): 'kill-safe' | 'power-loss-safe' {
  return knowsSyncAlways(version) ? 'power-loss-safe' : 'kill-safe';
}

/** Within double quotes the server reads backslash escapes, so a backslash and a quote are escaped. */
function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
