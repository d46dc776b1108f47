/**
 * One run of a project on the bus, as its operator sees it: configures it, adds the task file, passes the news on,
 * waits until every task has ended, and reads the journal.
 */
import type { Batch, BoardConfig, TaskView } from '../../schemas/index.ts';
import { type BoardClient, createBoardClient } from '../../shared/bus/board-client.ts';
import { watchMail } from '../../shared/bus/mail-watch.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import type { Clock } from '../../shared/clock.ts';
import { messageOf, WaggleError } from '../../shared/errors.ts';
import { silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import { configOf, connectAs, openContext } from '../../shared/service/context.ts';
import { readNews, type TaskNews } from './task-news.ts';
import { type CommandPlace, runWaggle } from './waggle-command.ts';

export interface ProjectRunOptions extends CommandPlace {
  readonly taskFile: string;
  /** How many the file holds. */
  readonly tasks: number;
  /** Called once, when the board has taken the tasks. */
  readonly onAdded: () => void;
  /** What else happens while the tasks are done; ends when the signal aborts. */
  readonly meanwhile?: (client: BoardClient, signal: AbortSignal) => Promise<void>;
  readonly onNews: (news: TaskNews) => void;
  /** Called when the news cannot be followed any more; the run goes on. */
  readonly onTrouble: (text: string) => void;
}

export interface FinishedRun {
  readonly views: readonly TaskView[];
  readonly batches: readonly Batch[];
}

const AGENT = 'operator';
const START_WITHIN_MS = 30_000;
const POLL_MS = 150;
/** So long may nothing at all happen on the board before the run is given up. */
const STILL_MS = 60_000;
/** The last news may come a moment after the last task has closed. */
const LAST_NEWS_MS = 1_000;
const LAST_NEWS_POLL_MS = 20;
const endStates: ReadonlySet<string> = new Set(['closed', 'failed', 'cancelled', 'blocked']);

/**
 * Errors: `bus-unreachable`, `refused` (the configuration), `check-failed` when the tasks are not taken or nothing
 * moves any more.
 */
export async function runProject(options: ProjectRunOptions): Promise<FinishedRun> {
  const { root, variables, taskFile, tasks, onAdded, onNews, onTrouble, signal } = options;
  const context = { ...(await openContext({ folder: root, variables, service: 'demo' })), log: silentLog };
  const { project, clock } = context;
  const swarm = await connectAs(context, 'agent', AGENT, { signal });
  const over = new AbortController();
  let watching: Promise<void> | undefined;
  let beside: Promise<void> | undefined;
  try {
    const client = createBoardClient({ swarm, project, agent: AGENT, clock, timeoutMs: START_WITHIN_MS });
    await configure(client, configOf(context).board, signal);
    await runWaggle(['task', 'add', '-f', taskFile], options);
    onAdded();
    let closings = 0;
    const take = (news: TaskNews) => {
      if (news.kind === 'closed') closings += 1;
      onNews(news);
    };
    const stopped = AbortSignal.any([signal, over.signal]);
    watching = followNews(swarm, project, clock, take, stopped).catch((error: unknown) => {
      if (!stopped.aborted) onTrouble(`the news cannot be followed any more: ${messageOf(error)}`);
    });
    beside = options.meanwhile?.(client, stopped).catch((error: unknown) => {
      if (!stopped.aborted) onTrouble(messageOf(error));
    });
    await untilEnded(client, tasks, clock, signal);
    const views = await allTasks(client, signal);
    const closed = views.filter(({ task }) => task.state === 'closed').length;
    const deadline = clock.monotonic() + LAST_NEWS_MS;
    while (closings < closed && clock.monotonic() < deadline) await clock.sleep(LAST_NEWS_POLL_MS, signal);
    return { views, batches: await wholeJournal(client, signal) };
  } finally {
    over.abort();
    await Promise.all([watching, beside]);
    await swarm.close();
  }
}

async function configure(client: BoardClient, config: BoardConfig, signal: AbortSignal): Promise<void> {
  const answer = await client.command({ v: 1, kind: 'configure', id: randomId(), config }, signal);
  if (answer.status === 'ok') return;
  throw new WaggleError('refused', { message: answer.message ?? 'the configuration was refused' });
}

async function followNews(
  swarm: Bus,
  project: string,
  clock: Clock,
  take: (news: TaskNews) => void,
  signal: AbortSignal,
): Promise<void> {
  const reader = createReader(swarm, project, AGENT);
  const options = { target: { kind: 'topic', name: 'task' }, after: 0 } as const;
  for await (const { mail: stored } of watchMail(swarm, project, reader, options, clock, signal)) {
    for (const news of readNews(stored.mail.body ?? '')) take(news);
  }
}

async function untilEnded(
  client: BoardClient,
  tasks: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let moved = { seq: -1, at: clock.monotonic() };
  for (;;) {
    const { states, journal_seq } = await client.query<'counts'>({ v: 1, kind: 'counts' }, signal);
    const counts = Object.entries(states);
    const ended = counts.filter(([state]) => endStates.has(state)).reduce((sum, [, n]) => sum + n, 0);
    if (ended >= tasks) return;
    if (journal_seq !== moved.seq) moved = { seq: journal_seq, at: clock.monotonic() };
    if (clock.monotonic() - moved.at > STILL_MS) {
      const message = `nothing has happened for ${STILL_MS / 1000} s: ${counts.map(([state, n]) => `${n} ${state}`).join(', ')}`;
      throw new WaggleError('check-failed', { message });
    }
    await clock.sleep(POLL_MS, signal);
  }
}

async function allTasks(client: BoardClient, signal: AbortSignal): Promise<TaskView[]> {
  const views: TaskView[] = [];
  for (let after: string | undefined; ; ) {
    const from = after === undefined ? {} : { after };
    const page = await client.query<'tasks'>({ v: 1, kind: 'tasks', ...from }, signal);
    views.push(...page.tasks);
    if (page.next === undefined) return views;
    after = page.next;
  }
}

async function wholeJournal(client: BoardClient, signal: AbortSignal): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let after = 0; ; ) {
    const page = await client.query<'journal'>({ v: 1, kind: 'journal', after }, signal);
    batches.push(...page.batches.map(({ batch }) => batch));
    const last = page.batches.at(-1)?.seq;
    if (last === undefined || last >= page.last) return batches;
    after = last;
  }
}
