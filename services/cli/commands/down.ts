/**
 * `waggle down`: ends what `waggle up` runs here, by its process identity, and cleans up after a killed one.
 * Never touches a bus that somebody else keeps.
 */
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import { findConfig } from '../../../shared/config/config-place.ts';
import { lockHolder } from '../../../shared/process/state-lock.ts';
import type { CommandModule } from '../command-module.ts';
import type { Output } from '../output.ts';
import { outputOf } from '../session.ts';
import { endOrphanBus, endServices, livingOf, send } from '../up/leftovers.ts';
import {
  findUpFile,
  isRunning,
  readUpFile,
  removeUpFile,
  type UpFile,
  type UpProcess,
  upLockFolder,
} from '../up/up-file.ts';

interface Flags {
  readonly now?: true;
  readonly json?: true;
}

const POLL_MS = 50;
/** With --now: how often it is told to hurry, and when it is killed with all it runs. */
const HURRY_MS = 500;
const KILL_MS = 15_000;

/** `waggle down`: drains and ends what `waggle up` runs here; says so when nothing does. */
export const build: CommandModule['build'] = (session) =>
  new Command('down')
    .description('drain and stop what `waggle up` started here')
    .option('--now', 'do not wait for runs and commits in hand')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  waggle down')
    .action(async ({ now, json }: Flags) => {
      const output = outputOf(session, { json: json === true });
      const found = await findUpFile(session.folder);
      const config = await findConfig(session.folder);
      const root = found?.root ?? (config === undefined ? session.folder : dirname(config));
      const running = found === undefined ? await unlisted(root) : await runningOf(found.file);
      const runs = running !== undefined;
      if (runs) {
        await drain(root, running, now === true, output, systemClock, session.signal);
      } else {
        const graceMs = now === true ? 0 : KILL_MS;
        if (found !== undefined)
          await endServices(found.file, { graceMs, clock: systemClock, signal: session.signal });
        await removeUpFile(root);
      }
      const orphans = await endOrphanBus(root, systemClock);
      const stopped = runs || orphans.length > 0;
      output.answer({ stopped, ...(runs ? { pid: running.pid } : {}) }, () =>
        stopped ? 'everything has stopped' : 'nothing runs here',
      );
    });

/** What is known of an `up` that runs. */
type RunningUp = UpProcess & Pick<UpFile, 'services'>;

const runningOf = async (file: UpFile): Promise<RunningUp | undefined> =>
  (await isRunning(file)) ? file : undefined;

/** An `up` whose up.json is lost or cannot be read: its lock tells. */
async function unlisted(root: string): Promise<RunningUp | undefined> {
  const holder = await lockHolder(upLockFolder(join(root, '.waggle')));
  return holder === undefined ? undefined : { pid: holder.pid, identity: holder.startedAt, services: [] };
}

async function drain(
  root: string,
  file: RunningUp,
  isNow: boolean,
  output: Output,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = clock.monotonic();
  let askedAt = startedAt;
  let told = '';
  send(file.pid, 'SIGTERM');
  while (await isRunning(file)) {
    const current = (await readUpFile(root)) ?? file;
    const living = await livingOf(current.services);
    const names = living.map(({ name }) => name).join(', ');
    if (names !== told && names !== '') output.say(`waiting for ${names}`);
    told = names;
    const now = clock.monotonic();
    if (isNow && now - askedAt >= HURRY_MS) {
      askedAt = now;
      send(file.pid, 'SIGTERM');
    }
    if (isNow && now - startedAt >= KILL_MS) for (const { pid } of [file, ...living]) send(pid, 'SIGKILL');
    await clock.sleep(POLL_MS, signal);
  }
  // Gone already, unless it was killed.
  await removeUpFile(root);
}
