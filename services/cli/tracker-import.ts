/**
 * Brings the tasks of a tracker's log onto the board: adds those that are not there, then closes those that were
 * closed.
 *
 * 1. Nothing is added while the board has something against any of them.
 * 2. Repeating it is safe: a task that is there is left alone, but for one that an import before added and did not come
 *    to close.
 * 3. A closed task comes with a `not_before`, so that no worker takes it between the two steps.
 */
import PQueue from 'p-queue';
import type { Task, TaskSpec } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { CHUNK_LIMITS, inChunks } from '../../shared/config/chunks.ts';
import { inDependencyOrder } from '../../shared/config/task-order.ts';
import { WaggleError } from '../../shared/errors.ts';
import { randomId } from '../../shared/random.ts';
import { closeReason, type ImportedTask } from '../../shared/tracker-log/specs.ts';
import { addProblems } from './add-problems.ts';

export interface Imported {
  /** Ids of the tasks that were added. */
  readonly added: readonly string[];
  /** How many were on the board before. */
  readonly already: number;
  readonly closed: number;
  /** Tasks that are closed in the log and could not be closed here, with the board's word. */
  readonly left_open: readonly { readonly id: string; readonly why: string }[];
}

export interface ImportOptions {
  readonly client: BoardClient;
  /** Who imports: what they did not add themselves is never closed. */
  readonly agent: string;
  readonly signal: AbortSignal;
  /** Asks the board and adds nothing. */
  readonly dryRun: boolean;
  readonly onProgress: (text: string) => void;
}

const CLOSES_AT_ONCE = 8;
const PROBLEMS_TOLD = 10;

/** Errors: `refused` with all that the board has against the tasks; then nothing was added. */
export async function importTasks(tasks: readonly ImportedTask[], options: ImportOptions): Promise<Imported> {
  const { client, agent, signal, dryRun, onProgress } = options;
  const there = await tasksThere(client, tasks, signal, onProgress);
  const fresh = tasks.filter(({ spec }) => !there.has(spec.id));
  const chunks = inChunks(inDependencyOrder(fresh.map(({ spec }) => spec)));
  onProgress(`asking the board about ${fresh.length} tasks`);
  const problems = await addProblems(client, chunks, signal);
  if (problems.length > 0) {
    const lines = problems.slice(0, PROBLEMS_TOLD).map(({ message }) => message);
    const more = problems.length > PROBLEMS_TOLD ? [`and ${problems.length - PROBLEMS_TOLD} more`] : [];
    const message = ['nothing was imported', ...lines, ...more].join('\n');
    throw new WaggleError('refused', { message, reason: problems[0]?.code ?? 'invalid', problems });
  }
  const already = tasks.length - fresh.length;
  const unclosed = tasks.filter((task) => isUnclosed(task, there.get(task.spec.id), agent));
  const ids = fresh.map(({ spec }) => spec.id);
  if (dryRun) return { added: ids, already, closed: unclosed.length, left_open: [] };
  await addAll(chunks, options);
  const { closed, leftOpen } = await closeAll(unclosed, options);
  return { added: ids, already, closed, left_open: leftOpen };
}

/** Those that are on the board. */
async function tasksThere(
  client: BoardClient,
  tasks: readonly ImportedTask[],
  signal: AbortSignal,
  onProgress: (text: string) => void,
): Promise<Map<string, Task>> {
  const there = new Map<string, Task>();
  for (let from = 0; from < tasks.length; from += CHUNK_LIMITS.maxTasks) {
    const ids = tasks.slice(from, from + CHUNK_LIMITS.maxTasks).map(({ spec }) => spec.id);
    for (let after: string | undefined; ; ) {
      const page = await client.query(
        { v: 1, kind: 'tasks', ids, ...(after === undefined ? {} : { after }) },
        signal,
      );
      for (const { task } of page.tasks) there.set(task.id, task);
      if (page.next === undefined || page.next === after) break;
      after = page.next;
    }
    onProgress(`looking for ${tasks.length} tasks on the board: ${from + ids.length}`);
  }
  return there;
}

/** Whether it was closed in the log, and is new here or stands as an import left it. */
function isUnclosed({ spec, status }: ImportedTask, there: Task | undefined, agent: string): boolean {
  if (status !== 'closed') return false;
  if (there === undefined) return true;
  const isAsLeft = there.state === 'open' && there.revision === 1 && there.created_by === agent;
  return isAsLeft && there.title === spec.title;
}

async function addAll(chunks: readonly (readonly TaskSpec[])[], options: ImportOptions): Promise<void> {
  const { client, signal, onProgress } = options;
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  let added = 0;
  for (const tasks of chunks) {
    const answer = await client.command({ v: 1, kind: 'add', id: randomId(), tasks: [...tasks] }, signal);
    if (answer.status === 'refused') {
      const { code = 'invalid', message = 'refused' } = answer;
      const text = `the board changed meanwhile: ${message}; ${added} of ${total} tasks were added, the import can be repeated`;
      throw new WaggleError('refused', { message: text, reason: code });
    }
    added += tasks.length;
    onProgress(`added ${added} of ${total}`);
  }
}

async function closeAll(tasks: readonly ImportedTask[], options: ImportOptions) {
  const { client, signal, onProgress } = options;
  const queue = new PQueue({ concurrency: CLOSES_AT_ONCE });
  const leftOpen: { id: string; why: string }[] = [];
  let closed = 0;
  await queue.addAll(
    tasks.map((task) => async () => {
      const { id } = task.spec;
      const answer = await client.command(
        {
          v: 1,
          kind: 'close',
          id: randomId(),
          task: id,
          // Whoever touched it meanwhile has the last word.
          revision: 1,
          no_change: true,
          reason: closeReason(task),
        },
        signal,
      );
      if (answer.status === 'ok') closed += 1;
      else leftOpen.push({ id, why: answer.message ?? 'refused' });
      onProgress(`closed ${closed} of ${tasks.length}`);
    }),
  );
  return { closed, leftOpen };
}
