/**
 * Everything that can be wrong before `waggle up` starts anything, asked without touching a thing.
 */
import { findBus } from '../../../shared/config/bus-file.ts';
import { WaggleError } from '../../../shared/errors.ts';
import { silentLog } from '../../../shared/log.ts';
import { connectAs, type Variables } from '../../../shared/service/context.ts';
import { findProject, type ProjectPlace } from '../project-place.ts';
import type { Session } from '../session.ts';
import { checkLane } from './lane-checks.ts';
import { isRunning, readUpFile } from './up-file.ts';

export interface UpOptions {
  /** Default: the configuration's `workers.count`. */
  readonly workers?: number;
  readonly prefix: string;
  readonly drainMs: number;
  /** How long all may take to get ready. */
  readonly waitMs: number;
}

export interface PreparedUp {
  readonly place: ProjectPlace;
  readonly workers: number;
}

/**
 * Errors: `config-missing`, `config-invalid` (workers without a profile or a pool, too), `already-running`,
 * `bus-unreachable` (a named one), those of the lanes.
 */
export async function prepareUp(session: Session, options: UpOptions): Promise<PreparedUp> {
  const place = await findProject(session.folder, session.variables);
  const { config } = place;
  const workers = options.workers ?? config.workers.count;
  if (workers > 0 && config.workers.profile === undefined && config.workers.pool === undefined) {
    const message = `${config.path} names no profile for the workers; add one under \`profiles\`, or use --workers 0`;
    throw new WaggleError('config-invalid', { file: config.path, problems: message, list: [] });
  }
  if (namesBus(session.variables)) await tryBus(place, session.variables);
  for (const lane of Object.values(config.board.lanes)) await checkLane(lane);
  const running = await readUpFile(place.root);
  if (running !== undefined && (await isRunning(running)))
    throw new WaggleError('already-running', { what: '`waggle up`', pid: running.pid });
  return { place, workers };
}

/** Whether the environment says which bus to use. */
export const namesBus = (variables: Variables): boolean => (variables['WAGGLE_NATS_URL'] ?? '').trim() !== '';

/** A bus of one's own may take a while to start; a named one answers or is the wrong one. */
async function tryBus(place: ProjectPlace, variables: Variables): Promise<void> {
  const bus = await findBus({ folder: place.root, env: variables });
  const { project, clock } = place;
  const connection = await connectAs({ bus, project, clock, log: silentLog }, 'agent', 'operator');
  await connection.close();
}
