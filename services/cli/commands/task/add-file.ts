/**
 * Adds the tasks of a file: all of them or, where anything is wrong, none.
 *
 * 1. The file is checked by itself, then against the project's lanes and gates, then by the board in a dry run
 *    of every chunk; only when nobody objects is the first chunk added.
 * 2. Chunks go in dependency order, each as its own command. A change made by somebody else in between can still
 *    refuse one: then the answer says what was added and what was not.
 */
import type { Problem, TaskResult, TaskSpec } from '../../../../schemas/index.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { inChunks } from '../../../../shared/config/chunks.ts';
import type { KnownNames } from '../../../../shared/config/task-checks.ts';
import { readEntries, type TaskFileFormat, taskFileFormat } from '../../../../shared/config/task-entries.ts';
import { readTaskFile, taskFileInvalid } from '../../../../shared/config/task-file.ts';
import { inDependencyOrder } from '../../../../shared/config/task-order.ts';
import { messageOf, WaggleError } from '../../../../shared/errors.ts';
import { randomId } from '../../../../shared/random.ts';
import { addProblems } from '../../add-problems.ts';
import { problemsInFile } from '../../board-problems.ts';
import type { ProjectLink } from '../../session.ts';
import { partlyAdded } from '../../task-chunks.ts';
import { movedTask, okEnvelope } from '../../task-envelope.ts';
import { type BoardFlags, onBoard, type TaskDesk } from './desk.ts';

export interface TaskInput {
  /** As problems show it. */
  readonly name: string;
  readonly text: string;
  readonly format?: TaskFileFormat;
}

/** Below this many tasks nobody waits long enough to look at a counter. */
const PROGRESS_FROM = 400;

/** Errors: `task-file-invalid` with every problem, `partly-added`. */
export async function addFile(desk: TaskDesk, flags: BoardFlags, input: TaskInput): Promise<void> {
  const tasks = readSpecs(input, {});
  await onBoard(desk, flags, async (link) => {
    await checkNames(link, desk, input, tasks);
    const chunks = inChunks(inDependencyOrder(tasks));
    const problems = await addProblems(link.client, chunks, desk.session.signal);
    if (problems.length > 0) throw invalid(problems, input);
    const results = await addChunks(link, desk, chunks, input);
    const { length } = results;
    const envelope = okEnvelope(desk.command, { total: length, tasks: results.map(movedTask) });
    desk.succeed(envelope, () => (length === 1 ? `added ${results[0]?.id}` : `added ${length} tasks`));
  });
}

function readSpecs({ name, text, format }: TaskInput, known: KnownNames): TaskSpec[] {
  const read = readTaskFile(text, {
    file: name,
    now: systemClock.now(),
    known,
    ...(format === undefined ? {} : { format }),
  });
  if (!read.ok) throw taskFileInvalid(read.problems);
  return read.value;
}

/** Reads the file again only when it names something unknown: then each place is told. */
async function checkNames(
  { client }: ProjectLink,
  desk: TaskDesk,
  input: TaskInput,
  tasks: readonly TaskSpec[],
): Promise<void> {
  const { config } = await client.query({ v: 1, kind: 'status' }, desk.session.signal);
  const lanes = new Set(Object.keys(config.lanes));
  const gates = new Set(Object.keys(config.gates));
  const isKnown = (task: TaskSpec) =>
    (task.lane === undefined || lanes.has(task.lane)) && (task.gates ?? []).every((gate) => gates.has(gate));
  if (!tasks.every(isKnown)) readSpecs(input, { lanes, gates });
}

function invalid(problems: readonly Problem[], { name, text, format }: TaskInput): WaggleError {
  const { tasks } = readEntries(text, name, format ?? taskFileFormat(name) ?? 'yaml');
  return taskFileInvalid(problemsInFile(problems, tasks, name));
}

async function addChunks(
  { client }: ProjectLink,
  { session, output }: TaskDesk,
  chunks: readonly (readonly TaskSpec[])[],
  input: TaskInput,
): Promise<TaskResult[]> {
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const showsProgress = session.stderr.isTTY === true && !output.json && total >= PROGRESS_FROM;
  const results: TaskResult[] = [];
  for (const [index, tasks] of chunks.entries()) {
    const left = chunks.slice(index + 1).flat();
    try {
      const answer = await client.command(
        { v: 1, kind: 'add', id: randomId(), tasks: [...tasks] },
        session.signal,
      );
      if (answer.status === 'refused') {
        const { code = 'invalid', message = 'refused' } = answer;
        if (index === 0) throw invalid(answer.problems ?? [{ code, message }], input);
        throw partlyAdded({ added: results, unknown: [], left: [...tasks, ...left], cause: message });
      }
      results.push(...(answer.tasks ?? []));
    } catch (error) {
      if (error instanceof WaggleError && ['partly-added', 'task-file-invalid'].includes(error.code))
        throw error;
      throw partlyAdded({ added: results, unknown: tasks, left, cause: messageOf(error) });
    }
    if (showsProgress) session.stderr.write(`\radded ${results.length} of ${total}`);
  }
  if (showsProgress) session.stderr.write('\r\x1b[K');
  return results;
}
