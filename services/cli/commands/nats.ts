/**
 * `waggle nats`: the embedded bus as a service of its own. Owns `.waggle/bus.json` while it runs: written after
 * each start of the server, removed at the end unless another bus stands in it by then.
 */
import { join } from 'node:path';
import { Command } from 'commander';
import { ensureNatsServer } from '../../../infra/nats/install.ts';
import { type EmbeddedServer, startEmbedded } from '../../../infra/nats/server.ts';
import { connectBus } from '../../../shared/bus/nats/connect.ts';
import { systemClock } from '../../../shared/clock.ts';
import { findBus, readBusFile, removeBusFile, writeBusFile } from '../../../shared/config/bus-file.ts';
import { isWaggleError, WaggleError } from '../../../shared/errors.ts';
import { createLog, type Log, silentLog } from '../../../shared/log.ts';
import { randomId } from '../../../shared/random.ts';
import type { Variables } from '../../../shared/service/context.ts';
import { untilAborted } from '../../../shared/until-aborted.ts';
import { positive } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { findProject, type ProjectPlace } from '../project-place.ts';
import { outputOf } from '../session.ts';
import { excludeState } from '../up/exclude.ts';

interface Flags {
  readonly port?: number;
  readonly json?: boolean;
}

/** `waggle nats`: the embedded bus in the foreground; `.waggle/bus.json` says where it is while it runs. */
export const build: CommandModule['build'] = (session) =>
  new Command('nats')
    .description('run the embedded bus until Ctrl-C; others find it through .waggle/bus.json')
    .option('--port <port>', 'the loopback port (default: as before, else a free one)', positive)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  waggle nats')
    .action(async ({ port, json }: Flags) => {
      const { folder, variables, signal } = session;
      const output = outputOf(session, json === undefined ? {} : { json });
      await refuseSecondBus(variables);
      const place = await findProject(folder, variables);
      const binary = await ensureNatsServer({ env: variables, signal });
      await excludeState(place.root);
      const log = createLog('nats', place.environment.logLevel);
      // Restarts can follow one another quickly: the file is written in their order.
      let writing = Promise.resolve();
      const write = () => {
        writing = writing.then(() => announce(place, server, log));
        return writing;
      };
      const server: EmbeddedServer = await startEmbedded({
        binary,
        dir: join(place.stateRoot, 'nats'),
        log,
        signal,
        onRestart: () => void write(),
        ...(port === undefined ? {} : { port }),
      });
      try {
        await write();
        const { url, version, durability, pid } = server;
        const told = { url, version, durability, pid };
        output.item({ event: 'ready', ...told }, () => `nats-server ${version} at ${url} (${durability})`);
        await untilAborted(signal);
      } finally {
        await server.stop();
        await writing;
        await withdraw(place, server);
      }
    });

/** Errors: `already-running` when the bus that the environment names answers. */
async function refuseSecondBus(variables: Variables): Promise<void> {
  if ((variables['WAGGLE_NATS_URL'] ?? '').trim() === '') return;
  const { urls, swarm } = await findBus({ folder: '/', env: variables });
  try {
    const bus = await connectBus({
      account: 'swarm',
      urls,
      ...swarm,
      name: 'waggle nats',
      inboxPrefix: `_INBOX.${randomId(10)}`,
      log: silentLog,
      clock: systemClock,
    });
    await bus.close();
  } catch (error) {
    if (isWaggleError(error, 'bus-unreachable')) return;
    throw error;
  }
  const message = `WAGGLE_NATS_URL names a bus that runs (${urls.join(', ')}); unset it to run one of your own`;
  throw new WaggleError('refused', { message });
}

async function announce(place: ProjectPlace, server: EmbeddedServer, log: Log): Promise<void> {
  const { url, version, durability, pid, passwords } = server;
  try {
    await writeBusFile(place.root, {
      v: 1,
      project: place.project,
      urls: [url],
      core: { user: 'core', password: passwords.core },
      swarm: { user: 'services', password: passwords.services },
      agent: { user: 'agent', password: passwords.agent },
      server: { version, pid, durability },
    });
  } catch (error) {
    log.error({ err: error }, 'cannot say in .waggle/bus.json where the bus is');
  }
}

/** Removes bus.json when it still is ours. */
async function withdraw({ root, stateRoot }: ProjectPlace, server: EmbeddedServer): Promise<void> {
  const file = await readBusFile(join(stateRoot, 'bus.json')).catch(() => undefined);
  if (file?.urls[0] === server.url) await removeBusFile(root);
}
