/**
 * What the parts of a bus desk stand on: one agent's connection, and those it asks. What only some methods need is
 * loaded by the first of them: a `send` takes a process 20 ms less without the checks of what comes in.
 */
import type { BoardClient } from '../bus/board-client.ts';
import type { Bus } from '../bus/port.ts';
import type { Reader } from '../bus/read-client.ts';
import type { Clock } from '../clock.ts';
import type { RandomId } from '../random.ts';
import { persist } from './patience.ts';

export interface BusDeskOptions {
  /** Stays its giver's: a desk that is closed leaves it open. */
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly randomId: RandomId;
  /** Who registers a name: one string for one place of work. */
  readonly identity: string;
  /** This machine's name. */
  readonly host: string;
  /** Most bytes of bodies that one answer may hold; default: as many as there are. */
  readonly mostBytes?: number;
}

export interface BusLink extends BusDeskOptions {
  /** Asks the read service, again for a while where nobody answers. */
  read<T>(ask: (reader: Reader) => Promise<T>, signal?: AbortSignal): Promise<T>;
  reader(): Promise<Reader>;
  /** Asks the board as that agent (default: the desk's own). */
  board(agent?: string): Promise<BoardClient>;
}

/** Another orchestrator, or the next leader, is there within seconds, or nobody is. */
const READ_PATIENCE_MS = 5_000;
const BOARD_PATIENCE_MS = 10_000;

export function busLink(options: BusDeskOptions): BusLink {
  const { swarm, project, agent: own, clock } = options;
  let reader: Promise<Reader> | undefined;
  const boards = new Map<string, BoardClient>();
  const openReader = (): Promise<Reader> =>
    (reader ??= import('../bus/read-client.ts').then(({ createReader }) =>
      createReader(swarm, project, own),
    ));
  return {
    ...options,
    reader: openReader,
    async read(ask, signal) {
      const opened = await openReader();
      return persist(() => ask(opened), { clock, patienceMs: READ_PATIENCE_MS, signal });
    },
    async board(agent = own) {
      const { createBoardClient } = await import('../bus/board-client.ts');
      const known = boards.get(agent);
      if (known !== undefined) return known;
      const made = createBoardClient({ swarm, project, agent, clock, timeoutMs: BOARD_PATIENCE_MS });
      boards.set(agent, made);
      return made;
    },
  };
}
