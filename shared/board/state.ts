/**
 * The board: everything that folding the journal gives, plus indexes derived from it.
 *
 * A board has one owner, and `evolve` advances it in place: copying it per event would make a grant cost
 * as much as the board is large. Invariants:
 * 1. `evolve` alone changes it; `decide` only reads (the ready index may reorder itself, unobservably).
 * 2. A task has at most one live grant, and `grants` holds exactly the live ones.
 * 3. `nextFence` is above every fence ever granted.
 */
import type {
  BoardConfig,
  BudgetMark,
  EventOf,
  LaneState,
  Person,
  Place,
  ProfileImage,
  Task,
  TaskState,
} from '../../schemas/index.ts';
import { defaults } from '../config/defaults.ts';
import { allLetters, createLetters, type Letters } from './letters.ts';
import { createLoad, type Load } from './load.ts';
import { entryOf } from './lookup.ts';
import { createReadyIndex, type ReadyIndex } from './ready-index.ts';
import type { RunRecords } from './run-records.ts';
import { createUsageBook, type UsageBook } from './usage-book.ts';

/** The last claim of a slot that was granted. */
export interface SlotRecord {
  readonly number: number;
  readonly fence: number;
  readonly task: string;
}

export interface AgentRecord {
  readonly incarnation: string;
  readonly place: Place;
  /** Incarnations that are never accepted again. */
  readonly ended: ReadonlySet<string>;
  readonly slots: Map<number, SlotRecord>;
}

/** A lane's branch as the board knows it, and the submissions that wait in it, oldest first. */
export interface LaneRecord extends LaneState {
  readonly waiting: Set<string>;
  /** Fence of the live commit grant. */
  readonly committing?: number;
  /** The task whose submission a committer may or may not have landed: it goes first. */
  readonly unresolved?: string;
}

/** What the board remembers of a profile besides its configuration. */
export type ProfileState = Omit<ProfileImage, 'name'>;

export interface PoolState {
  /** The profile that was granted last. */
  readonly last?: string;
  /** What each profile has had, by its weight: least goes first. */
  readonly shares: ReadonlyMap<string, number>;
}

export interface Board {
  genesis: string;
  project: string;
  /** What kinds of events the journal may hold. */
  format: number;
  term: number;
  leader: string;
  config: BoardConfig;
  nextFence: number;
  nextOrdinal: number;
  readonly tasks: Map<string, Task>;
  /** Submission order of tasks: older tasks go first within a priority. */
  readonly ordinals: Map<string, number>;
  /** Live grants: fence → task. */
  readonly grants: Map<number, string>;
  readonly agents: Map<string, AgentRecord>;
  /** Who registered or said something of themselves; whoever did nothing for longest first. */
  readonly people: Map<string, Person>;
  readonly letters: Letters;
  readonly lanes: Map<string, LaneRecord>;
  /** Those of which there is something to remember; whichever changed longest ago first. */
  readonly profiles: Map<string, ProfileState>;
  readonly pools: Map<string, PoolState>;
  readonly usage: UsageBook;
  /** The highest level that each budget was seen to reach in its present period, by scope and name. */
  readonly budgetLevels: Map<string, BudgetMark>;
  /** Answers of commands that took effect, oldest first. */
  readonly answers: Map<string, EventOf<'answered'>>;
  commitIdle: boolean;
  /** Grants by fence, live and ended, oldest first. */
  readonly runs: RunRecords;
  readonly counts: Map<TaskState, number>;
  /** Number of deps of a task that are not closed. */
  readonly unmet: Map<string, number>;
  /** Tasks that wait for a dep or are blocked, and everything below them. */
  readonly held: Set<string>;
  readonly dependents: Map<string, Set<string>>;
  readonly children: Map<string, Set<string>>;
  readonly ready: ReadyIndex;
  readonly load: Load;
  /** Grows with every change that could let a waiting claim succeed. */
  chances: number;
  /** When time alone may free a profile that claims wait for (journal time); infinite: never. */
  wakeAt: number;
}

/** How many answered commands are remembered, so that a repeated one gets the same answer. */
export const ANSWERS_KEPT = 10_000;

export const emptyConfig: BoardConfig = {
  lanes: {},
  gates: {},
  profiles: {},
  policies: defaults.policies,
  roles: {},
};

export function createBoard(): Board {
  return {
    genesis: '',
    project: '',
    format: 1,
    term: 0,
    leader: '',
    config: emptyConfig,
    nextFence: 1,
    nextOrdinal: 1,
    tasks: new Map(),
    ordinals: new Map(),
    grants: new Map(),
    agents: new Map(),
    people: new Map(),
    letters: createLetters(),
    lanes: new Map(),
    profiles: new Map(),
    pools: new Map(),
    usage: createUsageBook(),
    budgetLevels: new Map(),
    answers: new Map(),
    commitIdle: false,
    runs: new Map(),
    counts: new Map(),
    unmet: new Map(),
    held: new Set(),
    dependents: new Map(),
    children: new Map(),
    ready: createReadyIndex(),
    load: createLoad(),
    chances: 0,
    wakeAt: Number.POSITIVE_INFINITY,
  };
}

const terminal: ReadonlySet<TaskState> = new Set(['closed', 'failed', 'cancelled']);

/** Whether a task ended: closed, failed or cancelled. */
export const isTerminal = (task: Task): boolean => terminal.has(task.state);

/** Whether a commit grant existed for its submission and no committer has yet said what became of it. */
export const isUnresolved = (task: Task): boolean => task.submission?.unresolved === true;

/** What an agent may report. Names without an entry are workers. */
export function roleOf(board: Board, agent: string): BoardConfig['roles'][string] {
  return entryOf(board.config.roles, agent) ?? 'worker';
}

/** Where nobody is an operator anybody is: a configuration must not be able to lock everybody out. */
export const isOperator = (board: Board, agent: string): boolean =>
  !Object.values(board.config.roles).includes('operator') || roleOf(board, agent) === 'operator';

/** What is observable of a board, as plain data: equal for two boards folded from the same events. */
export function observable(board: Board): unknown {
  return {
    genesis: board.genesis,
    project: board.project,
    format: board.format,
    term: board.term,
    leader: board.leader,
    config: board.config,
    nextFence: board.nextFence,
    commitIdle: board.commitIdle,
    tasks: [...board.tasks.values()],
    grants: [...board.grants],
    agents: [...board.agents].map(([name, agent]) => [
      name,
      agent.incarnation,
      agent.place,
      [...agent.ended],
      [...agent.slots],
    ]),
    people: [...board.people.values()],
    letters: allLetters(board.letters),
    lanes: [...board.lanes].map(([name, lane]) => [name, { ...lane, waiting: [...lane.waiting] }]),
    profiles: [...board.profiles],
    pools: [...board.pools].map(([name, { last, shares }]) => [name, last, [...shares]]),
    usage: board.usage.rows(),
    budgetLevels: [...board.budgetLevels],
    answers: [...board.answers.values()],
    runs: [...board.runs.values()],
  };
}
