/**
 * The task desk of one run: what its harness is told of the task and may say about it. Owns the harness's last word,
 * which decides with its end what is reported (`verdict.ts`).
 */
import type { Report, TaskGrant } from '../../schemas/index.ts';
import { INLINE_TEXT_LIMIT, LINE_LIMIT } from '../../schemas/limits.ts';
import type { ReportDesk } from '../../shared/agent/granted-work.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import type { AddedTask, CurrentTask, TaskDesk, TaskDraft } from '../../shared/agent/task-desk.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import type { Clock } from '../../shared/clock.ts';
import { readTask, taskFileInvalid } from '../../shared/config/task-file.ts';
import { newTaskId } from '../../shared/config/task-ids.ts';
import { messageOf, WaggleError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import type { Word } from './verdict.ts';

export interface RunTasksOptions {
  readonly project: string;
  readonly grant: TaskGrant;
  readonly held: Pick<HeldGrant, 'signal'>;
  readonly desk: ReportDesk;
  readonly client: Pick<BoardClient, 'command'>;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Pick<Log, 'warn'>;
  /** The folder that the run's change is taken from. */
  readonly worktree: string;
  /** Keeps on disk why the harness cannot go on; undefined: it can. */
  noteBlocked(reason: string | undefined): Promise<void>;
  /** Milliseconds since the epoch: when the run will be ended; absent: never. */
  readonly deadlineAt?: number;
}

export interface RunTasks extends TaskDesk {
  /** What the harness said last of the task's end; absent: nothing. */
  word(): Word | undefined;
  /** Milliseconds since the harness last said how it gets on; infinite: never. */
  progressAgeMs(): number;
}

/** As often as a made-up id may be taken already. */
const ID_ATTEMPTS = 16;

export function createRunTasks(options: RunTasksOptions): RunTasks {
  const { grant, held, desk, clock, randomId, log } = options;
  let note = grant.note;
  let word: Word | undefined;
  let progressAt = Number.NEGATIVE_INFINITY;

  const checkRight = () => {
    if (!held.signal.aborted || held.signal.reason !== 'fenced') return;
    const message = `fence ${grant.fence} of ${grant.task} is not live any more: the task is somebody else's now; end the run`;
    throw new WaggleError('refused', { message, reason: 'fenced' });
  };
  const tell = async (text: string) => {
    const { task, fence, run } = grant;
    const report: Report = { v: 1, kind: 'progress', id: randomId(), task, fence, run, note: text };
    await desk.keep({ report });
    progressAt = clock.monotonic();
    note = text;
  };
  /** So that a worker that is killed before the run's end does not take the word with it. */
  const keepWord = async (blocked: string | undefined) => {
    try {
      await options.noteBlocked(blocked);
      if (blocked !== undefined) await tell(`blocked: ${blocked}`);
    } catch (error) {
      // The word counts all the same: the run's end will tell it.
      log.warn({ task: grant.task, reason: messageOf(error) }, 'the last word of a run is not on the disk');
    }
  };
  return {
    word: () => word,
    progressAgeMs: () => clock.monotonic() - progressAt,
    current: async () => currentOf(options, note),
    async progress(text) {
      checkRight();
      await tell(wordsOf(text, 'how it gets on', INLINE_TEXT_LIMIT));
    },
    async done(said) {
      checkRight();
      const text = said === undefined || said.trim() === '' ? undefined : wordsOf(said, 'a note', LINE_LIMIT);
      // A submission has no place for it.
      if (text !== undefined) await tell(text);
      word = { kind: 'done', ...(text === undefined ? {} : { note: text }) };
      await keepWord(undefined);
    },
    async block(reason) {
      checkRight();
      const text = wordsOf(reason, 'the reason', LINE_LIMIT);
      word = { kind: 'blocked', reason: text };
      await keepWord(text);
    },
    add: (draft, signal) => {
      checkRight();
      return add(options, draft, signal);
    },
    async next() {
      checkRight();
      const message = `this run is for one task, ${grant.task}: end it when that is done, and the next run gets the next task`;
      throw new WaggleError('refused', { message, reason: 'one-task' });
    },
  };
}

function currentOf({ grant, deadlineAt, worktree }: RunTasksOptions, note: string | undefined): CurrentTask {
  const { task, title, body, fence, run, attempt, expects, lane, paths, labels, gates } = grant;
  return {
    task,
    title,
    ...(body === undefined ? {} : { body }),
    fence,
    run,
    attempt,
    expects,
    ...(lane === undefined ? {} : { lane: lane.name }),
    paths,
    labels,
    gates: gates.map(({ name }) => name),
    ...(note === undefined ? {} : { note }),
    ...(deadlineAt === undefined ? {} : { deadline: new Date(deadlineAt).toISOString() }),
    worktree,
  };
}

function wordsOf(text: string, what: string, limit: number): string {
  const wanted = text.trim();
  if (wanted.length >= 1 && wanted.length <= limit) return wanted;
  const got = wanted === '' ? 'nothing' : `${wanted.length}`;
  throw new WaggleError('usage', { message: `${what}: expected 1 to ${limit} characters, got ${got}` });
}

async function add(
  { project, client, clock, randomId }: RunTasksOptions,
  draft: TaskDraft,
  signal: AbortSignal | undefined,
): Promise<AddedTask> {
  for (let attempt = 0; ; attempt += 1) {
    const read = readTask(draft, { now: clock.now(), newId: () => newTaskId(project, attempt, randomId) });
    if (!read.ok) throw taskFileInvalid(read.problems);
    const { id } = read.value;
    const answer = await client.command({ v: 1, kind: 'add', id: randomId(), tasks: [read.value] }, signal);
    const state = answer.tasks?.find((task) => task.id === id)?.state;
    if (answer.status === 'ok') return { id, ...(state === undefined ? {} : { state }) };
    const isTaken = answer.code === 'duplicate-id' && draft['id'] === undefined;
    if (isTaken && attempt < ID_ATTEMPTS) continue;
    throw new WaggleError('refused', {
      message: answer.message ?? 'the board refused the task',
      reason: answer.code ?? 'invalid',
    });
  }
}
