/**
 * Decides `add`: all tasks of the command or none, with every problem named. Defaults are filled in here,
 * so that the journal holds what counts.
 */
import type {
  BoardConfig,
  CommandOf,
  Event,
  Problem,
  Task,
  TaskResult,
  TaskSpec,
} from '../../schemas/index.ts';
import { type Answer, clip, type Decision, refused } from './decision.ts';
import { blockedBy, failedDep } from './dep-end.ts';
import { findCycle, type Links } from './graph.ts';
import { entryOf } from './lookup.ts';
import type { Board } from './state.ts';

export function decideAdd(
  board: Board,
  from: string,
  command: CommandOf<'add'>,
  now: number,
): Decision<Answer> {
  const problems = addProblems(board, command);
  if (problems.length > 0) {
    const first = problems[0]?.message ?? '';
    const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
    return refused(problems[0]?.code ?? 'invalid', first + more, problems.slice(0, PROBLEMS_SHOWN));
  }
  const tasks = command.tasks.map((spec) => newTask(board.config, spec, from, now));
  const events: Event[] = [];
  const results: TaskResult[] = [];
  for (const task of tasks) {
    events.push({ type: 'task_added', task });
    const failed = failedDep(board, task.deps);
    if (failed !== undefined) events.push(blockedBy(task.id, failed, board.tasks.get(failed)?.state));
    const isBlocked = failed !== undefined;
    results.push({
      id: task.id,
      state: isBlocked ? 'blocked' : task.state,
      revision: task.revision + (isBlocked ? 1 : 0),
    });
  }
  const answer: Answer = { status: 'ok', tasks: results };
  return { events: command.dry_run === true ? [] : events, answer };
}

/** How many problems an answer names: it has to fit a message. */
const PROBLEMS_SHOWN = 500;

/** Everything that keeps the command's tasks from being added. */
function addProblems(board: Board, command: CommandOf<'add'>): Problem[] {
  const problems: Problem[] = [];
  const specs = new Map<string, TaskSpec>();
  const assumed = new Set(command.assume);
  const say = (code: string, task: string, key: string, message: string) => {
    problems.push({ code, task, key, message: clip(message, 1000) });
  };
  for (const spec of command.tasks) {
    if (specs.has(spec.id)) say('duplicate-id', spec.id, 'id', `task ${spec.id} stands twice in the input`);
    else if (board.tasks.has(spec.id))
      say('duplicate-id', spec.id, 'id', `task ${spec.id} is on the board already`);
    specs.set(spec.id, spec);
  }
  const isKnown = (id: string) => specs.has(id) || board.tasks.has(id) || assumed.has(id);
  for (const spec of command.tasks) {
    for (const dep of spec.deps ?? []) {
      if (!isKnown(dep)) say('unknown-dep', spec.id, 'deps', `task ${spec.id}: dep ${dep} is not a task`);
    }
    if (spec.parent !== undefined && !isKnown(spec.parent)) {
      say('unknown-parent', spec.id, 'parent', `task ${spec.id}: parent ${spec.parent} is not a task`);
    }
    for (const { code, key, message } of placeProblems(board.config, spec)) say(code, spec.id, key, message);
  }
  // A task of the board can only be part of a cycle when it names one of the new tasks already (`assume`).
  const isNamed = [...specs.keys()].some(
    (id) => (board.dependents.get(id)?.size ?? 0) + (board.children.get(id)?.size ?? 0) > 0,
  );
  const linksOf = (id: string): Links | undefined =>
    linksOfSpec(specs.get(id)) ?? (isNamed ? board.tasks.get(id) : undefined);
  const done = new Set<string>();
  for (const id of specs.keys()) {
    const cycle = findCycle(id, linksOf, done);
    if (cycle === undefined) continue;
    say('cycle', id, 'deps', `deps and parents form a cycle: ${cycle.join(' -> ')}`);
  }
  return problems;
}

const linksOfSpec = (spec: TaskSpec | undefined): Links | undefined =>
  spec === undefined ? undefined : { deps: spec.deps ?? [], parent: spec.parent };

interface PlaceProblem {
  readonly code: string;
  readonly key: string;
  readonly message: string;
}

function placeProblems(config: BoardConfig, spec: TaskSpec): PlaceProblem[] {
  const problems: PlaceProblem[] = [];
  const lane = laneFor(config, spec);
  if (spec.lane !== undefined && entryOf(config.lanes, spec.lane) === undefined) {
    const known = Object.keys(config.lanes).join(', ') || 'none';
    problems.push({
      code: 'unknown-lane',
      key: 'lane',
      message: `task ${spec.id}: lane ${spec.lane} is not configured; known: ${known}`,
    });
  } else if (lane === undefined && (spec.expects ?? 'change') === 'change') {
    problems.push({
      code: 'no-lane',
      key: 'lane',
      message: `task ${spec.id} expects a change and names no lane; name one, or say expects: none`,
    });
  }
  for (const gate of spec.gates ?? []) {
    if (entryOf(config.gates, gate) !== undefined) continue;
    const known = Object.keys(config.gates).join(', ') || 'none';
    problems.push({
      code: 'unknown-gate',
      key: 'gates',
      message: `task ${spec.id}: gate ${gate} is not configured; known: ${known}`,
    });
  }
  return problems;
}

/** The lane a task goes to: its own, else `main` or the only one; none when it expects no change. */
export function laneFor(config: BoardConfig, spec: TaskSpec): string | undefined {
  if (spec.lane !== undefined) return spec.lane;
  if (spec.expects === 'none') return undefined;
  const lanes = Object.keys(config.lanes);
  return lanes.includes('main') ? 'main' : lanes.length === 1 ? lanes[0] : undefined;
}

function newTask(config: BoardConfig, spec: TaskSpec, from: string, now: number): Task {
  const lane = laneFor(config, spec);
  const gates = spec.gates ?? (lane === undefined ? [] : (entryOf(config.lanes, lane)?.gates ?? []));
  return {
    ...spec,
    ...(lane === undefined ? {} : { lane }),
    priority: spec.priority ?? 'P2',
    labels: spec.labels ?? [],
    deps: [...new Set(spec.deps)],
    paths: spec.paths ?? [],
    gates: [...new Set(gates)],
    expects: spec.expects ?? (lane === undefined ? 'none' : 'change'),
    state: 'open',
    revision: 1,
    created_at: now,
    updated_at: now,
    created_by: from,
    attempts: 0,
    losses: 0,
    conflicts: 0,
    attachments: [],
  };
}
