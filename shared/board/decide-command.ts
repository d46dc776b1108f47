/**
 * Decides a command. Idempotent by id: a command that took effect is remembered with its answer, and a
 * second copy gets that answer and changes nothing. A refused one leaves no trace.
 */
import type { BoardConfig, Command, CommandOf, Event, TaskResult } from '../../schemas/index.ts';
import { reachedWith } from './budgets.ts';
import { decideAdd } from './decide-add.ts';
import { redeliver } from './decide-letters.ts';
import { register, setStatus } from './decide-people.ts';
import { decideProfile } from './decide-profile.ts';
import { decideVerb } from './decide-verb.ts';
import { type Answer, type Decision, refused } from './decision.ts';
import { FORMAT } from './format.ts';
import { entryOf } from './lookup.ts';
import { type Board, isOperator, isTerminal, roleOf } from './state.ts';

export interface CommandInput {
  readonly from: string;
  readonly command: Command;
  /** Since the leader last saw anybody with the asker's name; of `register` alone is it asked. */
  readonly silentMs?: number;
}

/** What follows from a command, and its answer. */
export function decideCommand(board: Board, input: CommandInput, now: number): Decision<Answer> {
  const { from, command } = input;
  const known = board.answers.get(command.id);
  if (known !== undefined) {
    if (known.by !== from || known.kind !== kindOf(command)) {
      return refused(
        'id-reused',
        `command id ${command.id} was used before, for ${known.kind} by ${known.by}`,
      );
    }
    return {
      events: [],
      answer: {
        status: 'ok',
        ...(known.tasks === undefined ? {} : { tasks: known.tasks }),
        ...(known.warnings === undefined ? {} : { warnings: known.warnings }),
      },
    };
  }
  const decision = decideKind(board, input, now);
  if (decision.answer.status === 'refused' || (command.kind === 'add' && command.dry_run === true))
    return decision;
  const tasks = decision.answer.tasks ?? results(board, decision.events, command);
  const answer = { ...decision.answer, ...(tasks.length === 0 ? {} : { tasks }) };
  if (decision.events.length === 0) return { events: [], answer };
  const answered: Event = {
    type: 'answered',
    command: command.id,
    by: from,
    kind: kindOf(command),
    ...(tasks.length === 0 ? {} : { tasks: [...tasks] }),
    ...(answer.warnings === undefined ? {} : { warnings: [...answer.warnings] }),
  };
  return { events: [...decision.events, answered], answer };
}

/** A command's kind as the journal writes it. */
const kindOf = (command: Command): string => command.kind.replace('_', '-');

function decideKind(
  board: Board,
  { from, command, silentMs = Number.POSITIVE_INFINITY }: CommandInput,
  now: number,
): Decision<Answer> {
  switch (command.kind) {
    case 'configure':
      return configure(board, from, command, now);
    case 'add':
      return decideAdd(board, from, command, now);
    case 'lane_adopt':
      return laneAdopt(board, from, command);
    case 'format':
      return setFormat(board, from, command);
    case 'register':
      return register(board, from, command, silentMs);
    case 'set_status':
      return setStatus(board, from, command);
    case 'redeliver':
      return redeliver(board, from, command);
    case 'profile':
      return decideProfile(board, from, command, now);
    default:
      return decideVerb(board, from, command, now);
  }
}

/** The command's task as the events will leave it. */
function results(board: Board, events: readonly Event[], command: Command): TaskResult[] {
  const task = 'task' in command ? board.tasks.get(command.task) : undefined;
  if (task === undefined) return [];
  const own = events.filter((event) => 'task' in event && event.task === task.id);
  const state = own.reduce((before, event) => stateAfter(event) ?? before, task.state);
  const deferred = own.some((event) => event.type === 'verb_deferred');
  return [{ id: task.id, state, revision: task.revision + own.length, ...(deferred ? { deferred } : {}) }];
}

function stateAfter(event: Event): TaskResult['state'] | undefined {
  switch (event.type) {
    case 'granted':
      return event.grant.kind === 'commit' ? 'committing' : 'claimed';
    case 'grant_ended':
    case 'task_moved':
      return event.to;
    default:
      return undefined;
  }
}

function configure(
  board: Board,
  from: string,
  { config }: CommandOf<'configure'>,
  now: number,
): Decision<Answer> {
  if (!isOperator(board, from)) {
    return refused('wrong-role', `${from} has the role ${roleOf(board, from)}; only operators configure`);
  }
  if (JSON.stringify(config) === JSON.stringify(board.config))
    return { events: [], answer: { status: 'ok' } };
  for (const [name, lane] of Object.entries(config.lanes)) {
    const unknown = lane.gates.find((gate) => entryOf(config.gates, gate) === undefined);
    if (unknown !== undefined) {
      return refused('unknown-gate', `lane ${name} requires gate ${unknown}, which is not configured`);
    }
  }
  const inUse = removedInUse(board, config) ?? movedInUse(board, config);
  if (inUse !== undefined) return refused('in-use', inUse);
  const events: Event[] = [{ type: 'configured', by: from, config }, ...reachedWith(board, config, now)];
  return { events, answer: { status: 'ok' } };
}

/** Lanes and gates that live tasks name must stay: a task would lose its gate or its home. */
function removedInUse(board: Board, config: BoardConfig): string | undefined {
  const lanes = Object.keys(board.config.lanes).filter((name) => !Object.hasOwn(config.lanes, name));
  const gates = Object.keys(board.config.gates).filter((name) => !Object.hasOwn(config.gates, name));
  if (lanes.length === 0 && gates.length === 0) return undefined;
  for (const task of board.tasks.values()) {
    if (isTerminal(task)) continue;
    if (task.lane !== undefined && lanes.includes(task.lane)) {
      return `lane ${task.lane} cannot go: task ${task.id} is in it`;
    }
    const wished = task.deferred?.flatMap(({ patch }) => patch?.gates ?? []) ?? [];
    const gate = [...task.gates, ...wished].find((name) => gates.includes(name));
    if (gate !== undefined) return `gate ${gate} cannot go: task ${task.id} requires it`;
  }
  return undefined;
}

/** While a commit is looked for in a branch, the lane must not point at another one. */
function movedInUse(board: Board, config: BoardConfig): string | undefined {
  for (const [name, { unresolved }] of board.lanes) {
    const was = entryOf(board.config.lanes, name);
    const is = entryOf(config.lanes, name);
    if (unresolved === undefined || was === undefined || is === undefined) continue;
    if (was.home !== is.home || was.branch !== is.branch) {
      return `lane ${name} cannot move: task ${unresolved} is with the committer`;
    }
  }
  return undefined;
}

function setFormat(board: Board, from: string, { to }: CommandOf<'format'>): Decision<Answer> {
  if (!isOperator(board, from)) return refused('wrong-role', "only operators set the journal's format");
  if (to > FORMAT)
    return refused('unknown-format', `this version writes format ${FORMAT} at most, not ${to}`);
  if (to < board.format) {
    return refused('format-set', `the journal is in format ${board.format}; there is no way back to ${to}`);
  }
  if (to === board.format) return { events: [], answer: { status: 'ok' } };
  return { events: [{ type: 'format', format: to, by: from }], answer: { status: 'ok' } };
}

function laneAdopt(board: Board, from: string, command: CommandOf<'lane_adopt'>): Decision<Answer> {
  if (!isOperator(board, from)) return refused('wrong-role', "only operators adopt a lane's tip");
  const lane = board.lanes.get(command.lane);
  if (lane === undefined) return refused('unknown-lane', `there is no lane ${command.lane}`);
  if (lane.unresolved !== undefined) {
    return refused(
      'committing',
      `task ${lane.unresolved} of lane ${command.lane} is with the committer; wait for it`,
    );
  }
  return {
    events: [{ type: 'lane_tip', lane: command.lane, tip: command.tip, by: from }],
    answer: { status: 'ok' },
  };
}
