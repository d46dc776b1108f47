/**
 * Why nobody answers: the project that was asked for may have no orchestrator on this bus while another one that is
 * named in the same place has. Looked into once something has failed, and before anything is asked where the bus is said
 * to be another project's; so it costs nothing otherwise.
 */
import type { Bus } from '../bus/port.ts';
import { createReader } from '../bus/read-client.ts';
import { projectElsewhere } from '../config/project-choice.ts';
import { isWaggleError } from '../errors.ts';
import type { BusContext } from './context.ts';
import { otherProjects } from './project-names.ts';

const ANSWER_MS = 1_000;

type Context = Pick<BusContext, 'named' | 'places' | 'bus'>;

/** What a project without streams and services fails with. */
const silences = ['no-responder', 'stream-missing', 'bus-forbidden'] as const;

/** `error`, or a `project-mismatch` where that is what it comes from. */
export async function explained(
  error: unknown,
  context: Context,
  swarm: Bus,
  agent: string,
): Promise<unknown> {
  if (!silences.some((code) => isWaggleError(error, code)) || !swarm.isConnected()) return error;
  const { named, places, bus } = context;
  // Somebody serves the project: it is only this one thing that nobody answers.
  if (await isServed(swarm, named.name, agent)) return error;
  for (const other of await otherProjects(places, named))
    if (await isServed(swarm, other.name, agent)) return projectElsewhere(named, other, bus.source);
  return error;
}

/**
 * To be called before a command waits for an orchestrator. Errors: `project-mismatch` where the bus file names another
 * project than the one that is meant, and only that one is served.
 */
export async function refuseElsewhere({ named, bus }: Context, swarm: Bus, agent: string): Promise<void> {
  if (bus.project === undefined || bus.project === named.name) return;
  if (await isServed(swarm, named.name, agent)) return;
  if (!(await isServed(swarm, bus.project, agent))) return;
  throw projectElsewhere(named, { name: bus.project, source: 'bus', from: bus.source }, bus.source);
}

/** Whether any orchestrator of the project is on this bus. */
async function isServed(swarm: Bus, project: string, agent: string): Promise<boolean> {
  try {
    await createReader(swarm, project, agent).mail({ last: 0 }, AbortSignal.timeout(ANSWER_MS));
    return true;
  } catch {
    // No answer, no right to ask, or one that makes no sense: not a project to send anybody to.
    return false;
  }
}
