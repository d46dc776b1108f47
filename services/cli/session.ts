/**
 * One invocation of a command: where it was given, its streams, and the signal that Ctrl-C and SIGTERM abort.
 * Commands get one and touch nothing of the process themselves, so tests can run them in place.
 */
import { type BoardClient, createBoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader, type Reader } from '../../shared/bus/read-client.ts';
import { silentLog } from '../../shared/log.ts';
import { connectAs, openContext, type ServiceContext, type Variables } from '../../shared/service/context.ts';
import { explained, refuseElsewhere } from '../../shared/service/project-elsewhere.ts';
import { createOutput, type Output, type Sink } from './output.ts';

export interface Session {
  readonly folder: string;
  readonly variables: Variables;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly signal: AbortSignal;
  /** Says what a further Ctrl-C or SIGTERM does, instead of ending the process at once. */
  readonly onHurry?: (act: () => void) => void;
}

/** A command's connection to its project, as an operator or agent. */
export interface ProjectLink {
  readonly context: ServiceContext;
  readonly agent: string;
  readonly swarm: Bus;
  readonly client: BoardClient;
  readonly reader: Reader;
}

export function outputOf(
  session: Session,
  options: { readonly json?: boolean },
  program?: 'waggle' | 'fmail',
): Output {
  const { stdout, stderr, variables } = session;
  const noColor = (variables['NO_COLOR'] ?? '') !== '';
  const json = options.json === true;
  return createOutput({ stdout, stderr, json, noColor, ...(program === undefined ? {} : { program }) });
}

const TIMEOUT_MS = 10_000;

/**
 * Connects, lets `use` work, and disconnects whatever happens. People are `operator` unless FMAIL_AGENT says else.
 * `timeoutMs`: how long to go on asking the board while nobody leads.
 */
export async function withProject<T>(
  session: Session,
  use: (link: ProjectLink) => Promise<T>,
  { timeoutMs = TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
): Promise<T> {
  const { folder, variables } = session;
  const opened = await openContext({ folder, variables, service: 'cli' });
  // A command's answer is its output; the log is for services.
  const context: ServiceContext = { ...opened, log: silentLog };
  const agent = context.environment.agent ?? 'operator';
  const swarm = await connectAs(context, 'agent', agent);
  try {
    await refuseElsewhere(context, swarm, agent);
    const { project, clock } = context;
    const client = createBoardClient({ swarm, project, agent, clock, timeoutMs });
    return await use({ context, agent, swarm, client, reader: createReader(swarm, project, agent) });
  } catch (error) {
    throw await explained(error, context, swarm, agent);
  } finally {
    await swarm.close();
  }
}
