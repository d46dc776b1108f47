/**
 * What must agree between the tasks of one file, and between them and what is known of the project: ids
 * are used once, links make no cycle, names that are referred to exist. Pure.
 */
import type { TaskSpec } from '../../schemas/index.ts';
import type { Path, PathProblem } from './file-problem.ts';
import { nearestName, suggestion } from './nearest-name.ts';
import { findCycles } from './task-order.ts';

/** What is known beyond the file. A set that isn't given is not checked against: the board will. */
export interface KnownNames {
  /** Ids of tasks outside the file. */
  readonly taskIds?: ReadonlySet<string>;
  readonly lanes?: ReadonlySet<string>;
  readonly gates?: ReadonlySet<string>;
}

/**
 * A task as read (perhaps with parts missing that had problems), and how to point into it. `own` is what
 * the entry itself says, without the file's defaults: what those say is checked once, in their own place.
 */
export interface PlacedTask {
  readonly task: Partial<TaskSpec>;
  readonly own: Partial<TaskSpec>;
  readonly path: Path;
  lineOf(path: Path): number;
}

/** A problem of one task: `path` is from the task on. */
export interface TaskProblem extends PathProblem {
  readonly of: PlacedTask;
}

/** Every problem between the tasks, task by task and then the cycles. `defaults` is a task without an id. */
export function checkTasks(
  tasks: readonly PlacedTask[],
  defaults: PlacedTask | undefined,
  known: KnownNames,
): TaskProblem[] {
  const first = new Map<string, PlacedTask>();
  const problems: TaskProblem[] = [];
  for (const placed of tasks) {
    const { id } = placed.task;
    if (id === undefined) continue;
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, placed);
    else {
      const message = `id \`${id}\` is used twice, on lines ${earlier.lineOf(['id'])} and ${placed.lineOf(['id'])}`;
      problems.push({ of: placed, path: ['id'], message });
    }
  }
  for (const placed of defaults === undefined ? tasks : [defaults, ...tasks]) {
    problems.push(...links(placed, first, known.taskIds), ...references(placed, known));
  }
  return [...problems, ...cycles(first)];
}

/** Among more ids than this no near one is looked for: it would cost more than reading the file. */
const SUGGEST_AMONG = 1_000;

function links(
  placed: PlacedTask,
  inFile: ReadonlyMap<string, PlacedTask>,
  known: ReadonlySet<string> | undefined,
): TaskProblem[] {
  const { id, deps = [], parent } = placed.own;
  const named: { path: Path; target: string }[] = deps.map((target, index) => ({
    path: ['deps', index],
    target,
  }));
  if (parent !== undefined) named.push({ path: ['parent'], target: parent });
  return named.flatMap(({ path, target }) => {
    if (target === id) {
      const message = path[0] === 'parent' ? `\`${id}\` is its own parent` : `\`${id}\` depends on itself`;
      return [{ of: placed, path, message }];
    }
    if (known === undefined || known.has(target) || inFile.has(target)) return [];
    const near =
      known.size + inFile.size > SUGGEST_AMONG
        ? undefined
        : nearestName(target, [...inFile.keys(), ...known]);
    const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
    return [{ of: placed, path, message: `no task \`${target}\` in this file or on the board${hint}` }];
  });
}

function references(placed: PlacedTask, known: KnownNames): TaskProblem[] {
  const { lane, gates = [] } = placed.own;
  const problems: TaskProblem[] = [];
  if (lane !== undefined && known.lanes !== undefined && !known.lanes.has(lane)) {
    const message = `no lane \`${lane}\` is configured; ${suggestion(lane, known.lanes)}`;
    problems.push({ of: placed, path: ['lane'], message });
  }
  for (const [index, gate] of gates.entries()) {
    if (known.gates === undefined || known.gates.has(gate)) continue;
    const message = `no gate \`${gate}\` is configured; ${suggestion(gate, known.gates)}`;
    problems.push({ of: placed, path: ['gates', index], message });
  }
  return problems;
}

function cycles(byId: ReadonlyMap<string, PlacedTask>): TaskProblem[] {
  const linked = [...byId].map(([id, { task }]) => ({
    id,
    deps: task.deps ?? [],
    ...(task.parent === undefined ? {} : { parent: task.parent }),
  }));
  return findCycles(linked).flatMap((cycle) => {
    const of = byId.get(cycle[0] ?? '');
    if (of === undefined) return [];
    const key = of.task.deps?.includes(cycle[1] ?? '') ? 'deps' : 'parent';
    return [{ of, path: [key], message: `deps and parents make a cycle: ${cycle.join(' -> ')}` }];
  });
}
