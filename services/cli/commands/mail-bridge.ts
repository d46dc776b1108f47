/**
 * `waggle mail-bridge`: the mail bridge in the foreground, logging JSON lines to standard error.
 */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { openContext } from '../../../shared/service/context.ts';
import type { CommandModule } from '../command-module.ts';
import { runBridge } from '../mail-bridge/bridge.ts';

interface Flags {
  readonly socket?: string;
  readonly tcp: Tcp | 'off';
}
interface Tcp {
  readonly host: string;
  readonly port: number;
}

/** Where the seed's own program looks. */
const SEED_TCP: Tcp = { host: '127.0.0.1', port: 7463 };

const NOTES = `
Whoever can open the socket, or the port, writes mail under any name; requests over TCP must name the project.

Example:
  waggle mail-bridge --tcp off`;

export const build: CommandModule['build'] = (session) =>
  new Command('mail-bridge')
    .description('serve mail to the fmail programs of other tools (JSON lines) until Ctrl-C')
    .option('--socket <path>', 'the Unix socket (default: .fmail/forged.sock of the project)')
    .addOption(
      new Option('--tcp <host:port>', 'a port of the loopback, or off')
        .default(SEED_TCP, `${SEED_TCP.host}:${SEED_TCP.port}`)
        .argParser(tcpPlace),
    )
    .addHelpText('after', NOTES)
    .action(async ({ socket, tcp }: Flags) => {
      const { folder, variables, signal } = session;
      const context = await openContext({ folder, variables, service: 'mail-bridge' });
      await runBridge(
        context,
        {
          folder,
          ...(socket === undefined ? {} : { socket: resolve(folder, socket) }),
          ...(tcp === 'off' ? {} : { tcp }),
        },
        signal,
      );
    });

function tcpPlace(text: string): Tcp | 'off' {
  if (text.trim().toLowerCase() === 'off') return 'off';
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text.trim()) ?? [];
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const isLoopback = name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
  if (isLoopback && Number(port) >= 1 && Number(port) <= 65_535) return { host: name, port: Number(port) };
  throw new InvalidArgumentError('expected a port of the loopback such as 127.0.0.1:7463, or off.');
}
