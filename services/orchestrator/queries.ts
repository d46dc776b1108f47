/**
 * Answers questions about the board: pure, from acked state only. Long lists come in pages that fit a message.
 */
import type { Person, Query, QueryAnswer, QueryAnswerOf, Task, TaskView } from '../../schemas/index.ts';
import { LINE_LIMIT } from '../../schemas/limits.ts';
import { lettersOf } from '../../shared/board/decide-letters.ts';
import { explain } from '../../shared/board/explain.ts';
import { haltsAmong } from '../../shared/board/halts.ts';
import { isReady } from '../../shared/board/readiness.ts';
import type { Board } from '../../shared/board/state.ts';
import { assertNever, messageOf } from '../../shared/errors.ts';
import { profilesAnswer, usageAnswer } from './usage-answers.ts';

/** What the leader adds to what the board says. */
export interface QueryContext {
  readonly journalSeq: number;
  readonly startedAt: number;
  readonly waiting: { readonly task: number; readonly commit: number };
  readonly refused: Readonly<Record<string, number>>;
  readonly mailSeq: number;
  /** Sequence of the newest verified snapshot. */
  readonly snapshotSeq?: number;
}

export type BoardQuery = Exclude<Query, { kind: 'journal' }>;

const PAGE = 500;
const PAGE_BYTES = 400_000;
const LETTERS_PAGE = 1_000;

type Head = Pick<QueryAnswer, 'v' | 'term' | 'journal_seq' | 'genesis'>;

/** One that cannot be answered is refused: a question must not end the term of whoever leads. */
export function answerQuery(
  board: Board,
  query: BoardQuery,
  context: QueryContext,
  now: number,
): QueryAnswer {
  const { term, genesis } = board;
  const head: Head = { v: 1, term, journal_seq: context.journalSeq, genesis };
  try {
    return answerOf(board, query, context, now, head);
  } catch (error) {
    const message = `the question could not be answered: ${messageOf(error)}`.slice(0, LINE_LIMIT);
    return { ...head, kind: 'refused', code: 'undecidable', message };
  }
}

function answerOf(
  board: Board,
  query: BoardQuery,
  context: QueryContext,
  now: number,
  head: Head,
): QueryAnswer {
  switch (query.kind) {
    case 'tasks':
      return { ...head, ...listTasks(board, query, now) };
    case 'task':
    case 'explain': {
      const found = findTask(board, query.id);
      if (!('task' in found)) return { ...head, kind: 'refused', ...found };
      const { task } = found;
      if (query.kind === 'task') return { ...head, kind: 'task', view: viewOf(board, task, now) };
      return { ...head, kind: 'explain', id: task.id, state: task.state, reasons: explain(board, task, now) };
    }
    case 'counts':
      return { ...head, kind: 'counts', ...counts(board) };
    case 'status':
      return { ...head, ...status(board, context) };
    case 'grants': {
      const halt = haltsAmong(board, query.fences, now).map(({ fence, why }) => ({ fence, why }));
      return {
        ...head,
        kind: 'grants',
        lease_ms: board.config.policies.lease_ms,
        ...(halt.length === 0 ? {} : { halt }),
        ended: query.fences
          .filter((fence) => !board.grants.has(fence))
          .map((fence) => ({ fence, why: 'the grant has ended' })),
      };
    }
    case 'runs':
      return { ...head, kind: 'runs', ...listRuns(board, query) };
    case 'people':
      return { ...head, kind: 'people', ...listPeople(board, query) };
    case 'profiles':
      return { ...head, ...profilesAnswer(board, now) };
    case 'usage':
      return { ...head, ...usageAnswer(board, query, now) };
    case 'letters':
      return { ...head, kind: 'letters', ...listLetters(board, query) };
    default:
      return assertNever(query);
  }
}

/** A task by its id or a unique beginning of it. */
function findTask(
  board: Board,
  id: string,
): { task: Task } | { code: string; message: string; candidates?: string[] } {
  const wanted = id.toLowerCase();
  const exact = board.tasks.get(wanted);
  if (exact !== undefined) return { task: exact };
  const candidates = [...board.tasks.keys()].filter((key) => key.startsWith(wanted));
  const [only] = candidates;
  const task = only === undefined ? undefined : board.tasks.get(only);
  if (candidates.length === 1 && task !== undefined) return { task };
  if (candidates.length === 0) return { code: 'unknown-task', message: `there is no task ${id}` };
  const shown = candidates.slice(0, 10);
  const more = candidates.length > shown.length ? ', …' : '';
  return {
    code: 'ambiguous',
    message: `${id} could be ${shown.join(', ')}${more}; say more of the id`,
    candidates: shown,
  };
}

export function viewOf(board: Board, task: Task, now: number): TaskView {
  return {
    task,
    ready: isReady(board, task, now),
    blocked_by: task.deps.filter((dep) => board.tasks.get(dep)?.state !== 'closed'),
  };
}

type TasksAnswer = Omit<QueryAnswerOf<'tasks'>, 'v' | 'term' | 'journal_seq' | 'genesis'>;

function listTasks(board: Board, query: Extract<Query, { kind: 'tasks' }>, now: number): TasksAnswer {
  const matching = candidates(board, query).filter((task) => query.states?.includes(task.state) ?? true);
  const from = query.after === undefined ? 0 : matching.findIndex(({ id }) => id === query.after) + 1;
  const limit = Math.min(query.limit ?? PAGE, PAGE);
  const tasks: TaskView[] = [];
  let bytes = 0;
  for (const task of matching.slice(from)) {
    bytes += roughBytes(task);
    if (tasks.length >= limit || (tasks.length > 0 && bytes > PAGE_BYTES)) break;
    tasks.push(viewOf(board, task, now));
  }
  const last = tasks.at(-1)?.task.id;
  const isWhole = from + tasks.length >= matching.length;
  return {
    kind: 'tasks',
    tasks,
    total: matching.length,
    ...(isWhole || last === undefined ? {} : { next: last }),
  };
}

function candidates(board: Board, query: Extract<Query, { kind: 'tasks' }>): Task[] {
  if (query.ids !== undefined) return query.ids.flatMap((id) => board.tasks.get(id) ?? []);
  if (query.ready === true) return board.ready.all().flatMap((id) => board.tasks.get(id) ?? []);
  return [...board.tasks.values()];
}

/** An upper guess of what a task takes in a message. */
function roughBytes(task: Task): number {
  const notes = task.attachments.reduce((sum, { text }) => sum + text.length, 0);
  const lists = task.deps.length * 40 + task.paths.length * 60;
  return 1_000 + 3 * ((task.body?.length ?? 0) + (task.note?.length ?? 0) + notes) + lists;
}

function counts(board: Board): { states: Record<string, number>; ready: number; total: number } {
  const states = Object.fromEntries([...board.counts].filter(([, count]) => count > 0));
  return { states, ready: board.ready.size(), total: board.tasks.size };
}

/** Newest first. */
function listRuns(
  board: Board,
  query: Extract<Query, { kind: 'runs' }>,
): Pick<QueryAnswerOf<'runs'>, 'runs' | 'next'> {
  const { task, agent, run, live, before } = query;
  const limit = Math.min(query.limit ?? PAGE, PAGE);
  const matching = [...board.runs.values()].filter(
    (record) =>
      (before === undefined || record.fence < before) &&
      (task === undefined || record.task === task) &&
      (agent === undefined || record.agent === agent) &&
      (live !== true || record.ended_at === undefined) &&
      (run === undefined || String(record.fence) === run || record.run.startsWith(run)),
  );
  const runs = matching.slice(-limit).reverse();
  const next = runs.at(-1)?.fence;
  return { runs, ...(matching.length > runs.length && next !== undefined ? { next } : {}) };
}

function listPeople(
  board: Board,
  { after = '' }: Extract<Query, { kind: 'people' }>,
): Pick<QueryAnswerOf<'people'>, 'people' | 'next'> {
  const names = [...board.people.keys()].filter((name) => name > after).sort();
  const people: Person[] = [];
  let bytes = 0;
  for (const name of names) {
    const person = board.people.get(name);
    if (person === undefined) continue;
    const { identity = '', host = '', status = '' } = person;
    bytes += 300 + 3 * (identity.length + host.length + status.length);
    if (people.length > 0 && bytes > PAGE_BYTES) break;
    people.push(person);
  }
  const next = people.at(-1)?.name;
  return { people, ...(names.length > people.length && next !== undefined ? { next } : {}) };
}

function listLetters(
  board: Board,
  query: Extract<Query, { kind: 'letters' }>,
): Pick<QueryAnswerOf<'letters'>, 'letters' | 'total' | 'next'> {
  const { after = 0 } = query;
  const matching = lettersOf(board, query);
  const rest = matching.filter(({ seq }) => seq > after);
  const letters = rest.slice(0, LETTERS_PAGE);
  const next = letters.at(-1)?.seq;
  return {
    letters,
    total: matching.length,
    ...(rest.length > letters.length && next !== undefined ? { next } : {}),
  };
}

type StatusAnswer = Omit<QueryAnswerOf<'status'>, 'v' | 'term' | 'journal_seq' | 'genesis'>;

function status(board: Board, context: QueryContext): StatusAnswer {
  const grants = [...board.grants].flatMap(([fence, id]) => {
    const grant = board.tasks.get(id)?.grant;
    if (grant === undefined) return [];
    const { kind, agent, granted_at, run, incarnation, nudged_at } = grant;
    const revision = board.tasks.get(id)?.revision ?? 0;
    return [
      {
        task: id,
        kind,
        fence,
        agent,
        granted_at,
        run,
        revision,
        ...(incarnation === undefined ? {} : { incarnation }),
        ...(nudged_at === undefined ? {} : { nudged_at }),
      },
    ];
  });
  const lanes = Object.fromEntries(
    [...board.lanes].map(([name, { tip, moved_to, commits }]) => [
      name,
      { commits, ...(tip === undefined ? {} : { tip }), ...(moved_to === undefined ? {} : { moved_to }) },
    ]),
  );
  return {
    kind: 'status',
    project: board.project,
    leader: board.leader,
    started_at: context.startedAt,
    ...counts(board),
    waiting: { ...context.waiting },
    grants,
    lanes,
    config: board.config,
    refused: { ...context.refused },
    mail_seq: context.mailSeq,
    format: board.format,
    ...(context.snapshotSeq === undefined ? {} : { snapshot_seq: context.snapshotSeq }),
  };
}
