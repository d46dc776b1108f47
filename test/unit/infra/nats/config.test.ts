import { describe, expect, test } from 'vitest';
import { type NatsConfig, renderNatsConfig } from '../../../../infra/nats/config.ts';

const config: NatsConfig = {
  serverName: 'waggle',
  host: '127.0.0.1',
  port: 20_123,
  storeDir: '/p/.waggle/nats/store',
  portsDir: '/p/.waggle/nats/ports',
  pidFile: '/p/.waggle/nats/nats.pid',
  version: { major: 2, minor: 10, patch: 27 },
  passwords: { core: 'c', services: 's', agent: 'a', sys: 'y' },
};

describe('the configuration of an embedded server', () => {
  test('is this text on 2.10', () => {
    expect(renderNatsConfig(config)).toMatchInlineSnapshot(`
      "server_name: "waggle"
      host: "127.0.0.1"
      port: 20123
      http: -1
      ports_file_dir: "/p/.waggle/nats/ports"
      pid_file: "/p/.waggle/nats/nats.pid"
      max_payload: 1048576

      jetstream {
        store_dir: "/p/.waggle/nats/store"
        sync_interval: always
      }

      accounts {
        CORE {
          jetstream: enabled
          users: [
            { user: core, password: "c" }
          ]
        }
        SWARM {
          jetstream: enabled
          users: [
            { user: services, password: "s" }
            {
              user: agent
              password: "a"
              permissions: {
                publish: {
                  allow: ["wg.>", "_INBOX.>"]
                  deny: ["wg.*.live.>", "wg.*.leader"]
                }
                subscribe: {
                  allow: ["wg.*.control.>", "wg.*.leader", "wg.*.live.>", "wg.*.beat.>", "wg.*.output.>", "_INBOX.>"]
                }
              }
            }
          ]
        }
        SYS {
          users: [
            { user: sys, password: "y" }
          ]
        }
      }
      system_account: SYS
      "
    `);
  });

  test('differs on 2.9 by the missing sync_interval alone, which that server would refuse', () => {
    const old = renderNatsConfig({ ...config, version: { major: 2, minor: 9, patch: 10 } });
    expect(old).toBe(renderNatsConfig(config).replace('\n  sync_interval: always', ''));
    expect(old).not.toContain('sync_interval');
  });

  test('is the same on 2.15 as on 2.10', () => {
    const newer = renderNatsConfig({ ...config, version: { major: 2, minor: 15, patch: 1 } });
    expect(newer).toBe(renderNatsConfig(config));
  });

  test('leaves out fsync when told so', () => {
    expect(renderNatsConfig({ ...config, syncAlways: false })).not.toContain('sync_interval');
  });

  test('escapes quotes and backslashes in paths', () => {
    expect(renderNatsConfig({ ...config, storeDir: '/a "b"\\c' })).toContain('store_dir: "/a \\"b\\"\\\\c"');
  });
});
