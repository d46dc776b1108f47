/**
 * `waggle up --detach`: the same in the background, waited for until it is ready. When it doesn't get there,
 * nothing of it is left running.
 */
import { join } from 'node:path';
import { ensureNatsServer } from '../../../infra/nats/install.ts';
import { type BackgroundProcess, startInBackground } from '../../../infra/supervisor/background.ts';
import { exitText } from '../../../infra/supervisor/restart-policy.ts';
import { WaggleError } from '../../../shared/errors.ts';
import type { Output } from '../output.ts';
import { ownProgram } from '../own-program.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../table.ts';
import { excludeState } from './exclude.ts';
import { namesBus, prepareUp, type UpOptions } from './prepare.ts';
import { readUpFile, type UpFile } from './up-file.ts';

const POLL_MS = 50;

/** Errors: those of `prepareUp`, and `not-ready` with the last line of its log. */
export async function runUpDetached(session: Session, output: Output, options: UpOptions): Promise<void> {
  const { variables, signal } = session;
  const { place, workers } = await prepareUp(session, options);
  // A missing server is asked about on this terminal: the background has none.
  if (!namesBus(variables)) await ensureNatsServer({ env: variables, signal });
  await excludeState(place.root);
  const logFile = join(place.stateRoot, 'logs', 'up.log');
  const { prefix, drainMs, waitMs } = options;
  const numbers = { '--workers': workers, '--drain': `${drainMs}ms`, '--wait': `${waitMs}ms` };
  const words = Object.entries(numbers).flatMap(([flag, value]) => [flag, String(value)]);
  const background = await startInBackground({
    argv: [...ownProgram(), 'up', '--prefix', prefix, ...words],
    cwd: place.root,
    env: variables,
    logFile,
  });
  const file = await untilReady(session, place.root, background);
  background.release();
  const { project, pid } = file;
  const services = file.services.map((service) => ({ name: service.name, pid: service.pid }));
  output.answer({ project, pid, root: place.root, services, log: logFile }, () => {
    const rows = services.map((service) => [service.name, service.pid]);
    const table = formatTable(['NAME', { title: 'PID', align: 'right' }], rows, output.paint);
    return `${table}${project} is up in the background (process ${pid}); \`waggle down\` stops it`;
  });
}

async function untilReady({ signal }: Session, root: string, background: BackgroundProcess): Promise<UpFile> {
  const { pid, exited } = background;
  const ask = () => background.kill('SIGTERM');
  signal.addEventListener('abort', ask, { once: true });
  if (signal.aborted) ask();
  try {
    for (;;) {
      const over = await Promise.race([exited, later()]);
      if (over !== undefined) {
        const words = (await background.lastLine()) ?? exitText(over);
        throw new WaggleError('not-ready', { what: '`waggle up`', cause: words });
      }
      const file = await readUpFile(root);
      if (file?.pid === pid && file.state === 'ready') return file;
    }
  } finally {
    signal.removeEventListener('abort', ask);
  }
}

const later = (): Promise<undefined> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(undefined), POLL_MS);
  });
