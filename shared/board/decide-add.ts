/**
 * Decides `add`: all tasks of the command or none, with every problem named. Defaults are filled in here,
 * so that the journal holds what counts.
 */
import type { BoardConfig, CommandOf, Event, Problem, Task, TaskSpec } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/limits.ts';
import type { Answer, Decision } from './decision.ts';
import { hasFailed } from './dep-end.ts';
import { findCycle, type Links } from './graph.ts';
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
    return {
      events: [],
      answer: { status: 'refused', code: problems[0]?.code ?? 'invalid', message: first + more, problems },
    };
  }
  const tasks = command.tasks.map((spec) => newTask(board.config, spec, from, now));
  const answer: Answer = {
    status: 'ok',
    tasks: tasks.map(({ id, state, revision }) => ({ id, state, revision })),
  };
  if (command.dry_run === true) return { events: [], answer };
  const events: Event[] = [];
  for (const task of tasks) {
    events.push({ type: 'task_added', task });
    const ended = task.deps.find((dep) => hasFailed(board.tasks.get(dep)));
    if (ended !== undefined) {
      const reason = `dep ${ended} ended ${board.tasks.get(ended)?.state ?? 'failed'}`;
      events.push({
        type: 'task_moved',
        task: task.id,
        by: RESERVED_AGENT,
        to: 'blocked',
        why: 'dep_ended',
        reason,
        blocked_on: ended,
      });
    }
  }
  return { events, answer };
}

/** Everything that keeps the command's tasks from being added. */
function addProblems(board: Board, command: CommandOf<'add'>): Problem[] {
  const problems: Problem[] = [];
  const specs = new Map<string, TaskSpec>();
  const assumed = new Set(command.assume);
  const say = (code: string, task: string, key: string, message: string) => {
    problems.push({ code, task, key, message });
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
    for (const problem of placeProblems(board.config, spec)) problems.push(problem);
  }
  const linksOf = (id: string): Links | undefined => linksOfSpec(specs.get(id)) ?? board.tasks.get(id);
  const inCycle = new Set<string>();
  for (const id of specs.keys()) {
    if (inCycle.has(id)) continue;
    const cycle = findCycle(id, linksOf);
    if (cycle === undefined || cycle.some((member) => inCycle.has(member))) continue;
    for (const member of cycle) inCycle.add(member);
    say('cycle', id, 'deps', `deps and parents form a cycle: ${cycle.join(' -> ')}`);
  }
  return problems;
}

const linksOfSpec = (spec: TaskSpec | undefined): Links | undefined =>
  spec === undefined ? undefined : { deps: spec.deps ?? [], parent: spec.parent };

function placeProblems(config: BoardConfig, spec: TaskSpec): Problem[] {
  const problems: Problem[] = [];
  const lane = laneFor(config, spec);
  if (spec.lane !== undefined && config.lanes[spec.lane] === undefined) {
    const known = Object.keys(config.lanes).join(', ') || 'none';
    problems.push({
      code: 'unknown-lane',
      task: spec.id,
      key: 'lane',
      message: `task ${spec.id}: lane ${spec.lane} is not configured; known: ${known}`,
    });
  } else if (lane === undefined && (spec.expects ?? 'change') === 'change') {
    problems.push({
      code: 'no-lane',
      task: spec.id,
      key: 'lane',
      message: `task ${spec.id} expects a change and names no lane; name one, or say expects: none`,
    });
  }
  for (const gate of spec.gates ?? []) {
    if (config.gates[gate] !== undefined) continue;
    const known = Object.keys(config.gates).join(', ') || 'none';
    problems.push({
      code: 'unknown-gate',
      task: spec.id,
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
  const gates = spec.gates ?? (lane === undefined ? [] : (config.lanes[lane]?.gates ?? []));
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
