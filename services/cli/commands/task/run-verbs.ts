/**
 * The `task` verbs inside a run (WAGGLE_SOCKET is set): a harness has no bus, only the socket of its own task. `block`
 * and `add` mean what they say without an id; every verb that is about other tasks says that it needs the bus.
 */
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { CurrentTask, TaskDesk as RunDesk, TaskDraft } from '../../../../shared/agent/task-desk.ts';
import { connectSocketTasks } from '../../../../shared/agent/task-socket.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { printable, singleLine } from '../../printable.ts';
import type { Session } from '../../session.ts';
import { okEnvelope } from '../../task-envelope.ts';
import { trackerStatus } from '../../tracker-record.ts';
import { type AddFlags, addParser, draftFrom } from './add-flags.ts';
import { type TaskDesk, verb } from './desk.ts';

/** Whether this invocation is a harness's own. */
export const isInRun = ({ variables }: Session): boolean => (variables['WAGGLE_SOCKET']?.trim() ?? '') !== '';

/** The verbs of a run, and a word for each of the others. */
export const runVerbs = (desk: TaskDesk): Command[] => [
  verb('current', 'show the task of this run').action(() => current(desk)),
  verb('progress', 'say how it gets on')
    .argument('<text...>', 'in a few words')
    .action((words: readonly string[]) => progress(desk, words.join(' '))),
  verb('done', 'say that the work is done; then end the run')
    .argument('[note...]', 'what is worth knowing about it')
    .action((words: readonly string[]) => done(desk, words.join(' '))),
  verb('block', 'say that the work cannot go on without somebody; then end the run')
    .argument('[reason...]', 'what is missing')
    .option('-r, --reason <text>', 'the same')
    .action((words: readonly string[], flags: { readonly reason?: string }) =>
      block(desk, words, flags.reason),
    ),
  addParser().action((title: string | undefined, flags: AddFlags) => add(desk, title, flags)),
  verb('next', 'ask for the next task').action(() => next(desk)),
  ...OF_THE_BUS.map((name) =>
    stray(name, 'needs the bus', () => {
      const message = `task ${name} needs the bus, and a run has only its own socket (WAGGLE_SOCKET): here are ${OWN}`;
      return new WaggleError('refused', { message, reason: 'needs-bus' });
    }),
  ),
];

/** The same words where no run is: each says so. */
export const strayVerbs = (): Command[] =>
  OF_A_RUN.map((name) =>
    stray(name, 'for a harness, in its run', () => {
      const message = `task ${name} is for a harness in its run: WAGGLE_SOCKET is not set`;
      return new WaggleError('usage', { message });
    }),
  );

const OF_A_RUN = ['current', 'progress', 'done', 'next'];
const OWN = 'current, progress, done, block, add and next';
const OF_THE_BUS = ['ready', 'list', 'show', 'count', 'edit', 'start', 'close', 'reopen', 'retry', 'cancel'];

function stray(name: string, summary: string, error: () => WaggleError): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .allowUnknownOption()
    .argument('[words...]')
    .action(() => {
      throw error();
    });
}

/** Connects to the run's worker for as long as `use` works. */
async function inRun<T>({ session }: TaskDesk, use: (tasks: RunDesk) => Promise<T>): Promise<T> {
  const { folder, variables, stderr } = session;
  const value = (name: string) => variables[name]?.trim().toLowerCase() ?? '';
  const project = value('WAGGLE_PROJECT') || value('FMAIL_PROJECT');
  const agent = value('FMAIL_AGENT');
  const tasks = await connectSocketTasks({
    path: resolve(folder, variables['WAGGLE_SOCKET']?.trim() ?? ''),
    ...(project === '' ? {} : { project }),
    ...(agent === '' ? {} : { agent }),
    onNotice: (line) => stderr.write(`${line}\n`),
  });
  try {
    return await use(tasks);
  } finally {
    tasks.close();
  }
}

/** How the tracker calls a task in hand. */
const inHand = (id: string) => ({ id, status: trackerStatus('claimed'), state: 'claimed' });

async function current(desk: TaskDesk): Promise<void> {
  const task = await inRun(desk, (tasks) => tasks.current(desk.session.signal));
  desk.succeed(okEnvelope(desk.command, { ...inHand(task.task), ...task }), () => taskText(task));
}

async function progress(desk: TaskDesk, text: string): Promise<void> {
  const { signal } = desk.session;
  const id = await inRun(desk, async (tasks) => {
    await tasks.progress(text, signal);
    return (await tasks.current(signal)).task;
  });
  desk.succeed(okEnvelope(desk.command, { ...inHand(id), note: text.trim() }), () => `${id}: noted`);
}

/** Nobody here knows whether the run is for one task or goes on to the next: its prompt says so. */
const WHAT_NEXT = 'end the run now, or go on with `waggle task next` where you were told to';

async function done(desk: TaskDesk, text: string): Promise<void> {
  const { signal } = desk.session;
  const note = text.trim();
  const id = await inRun(desk, async (tasks) => {
    await tasks.done(note === '' ? undefined : note, signal);
    return (await tasks.current(signal)).task;
  });
  const data = { ...inHand(id), done: true, ...(note === '' ? {} : { note }) };
  desk.succeed(okEnvelope(desk.command, data), () => `${id}: noted as done; ${WHAT_NEXT}`);
}

async function block(desk: TaskDesk, words: readonly string[], flag: string | undefined): Promise<void> {
  const { signal } = desk.session;
  const reason = flag ?? words.join(' ');
  if (reason.trim() === '') {
    throw new WaggleError('usage', {
      message: 'say what is missing: waggle task block "need a key for the API"',
    });
  }
  const id = await inRun(desk, async (tasks) => {
    const own = (await tasks.current(signal)).task;
    // With --reason the words are ids, as outside of a run.
    if (flag !== undefined && words.some((word) => word.toLowerCase() !== own)) {
      const message = `this run can block its own task, ${own}; another one needs the bus`;
      throw new WaggleError('refused', { message, reason: 'needs-bus' });
    }
    await tasks.block(reason, signal);
    return own;
  });
  const data = { ...inHand(id), blocked_reason: reason.trim() };
  desk.succeed(
    okEnvelope(desk.command, data),
    () => `${id}: noted as blocked; ${WHAT_NEXT}; what stands in the tree is kept`,
  );
}

async function add(desk: TaskDesk, title: string | undefined, flags: AddFlags): Promise<void> {
  if (flags.file !== undefined || flags.project !== undefined) {
    const message =
      'a file of tasks, and another project, need the bus: a run adds one task at a time to its own';
    throw new WaggleError('refused', { message, reason: 'needs-bus' });
  }
  const draft: TaskDraft = await draftFrom(title, flags, desk.session);
  const { id, state = 'open' } = await inRun(desk, (tasks) => tasks.add(draft, desk.session.signal));
  const added = { id, status: trackerStatus(state), state };
  desk.succeed(
    okEnvelope(desk.command, { ...added, total: 1, tasks: [added] }),
    () => `added ${id}${state === 'open' ? '' : ` (${state})`}`,
  );
}

async function next(desk: TaskDesk): Promise<void> {
  const task = await inRun(desk, (tasks) => tasks.next(desk.session.signal));
  const data = task === undefined ? { total: 0 } : { ...inHand(task.task), ...task };
  desk.succeed(okEnvelope(desk.command, data), () => (task === undefined ? 'no task waits' : taskText(task)));
}

function taskText(task: CurrentTask): string {
  const { title, body, fence, run, attempt, expects, lane, worktree } = task;
  const { paths, labels, gates, note, deadline } = task;
  const lines = [
    `${task.task}  ${singleLine(title)}`,
    `fence ${fence}, run ${run}, attempt ${attempt}, expects ${expects}${lane === undefined ? '' : `, lane ${lane}`}`,
    ...(worktree === undefined ? [] : [`worktree: ${printable(worktree)}`]),
    ...(labels.length === 0 ? [] : [`labels: ${labels.map(singleLine).join(', ')}`]),
    ...(paths.length === 0 ? [] : [`paths: ${paths.map(singleLine).join(', ')}`]),
    ...(gates.length === 0 ? [] : [`gates: ${gates.join(', ')}`]),
    ...(deadline === undefined ? [] : [`deadline: ${deadline}`]),
    ...(note === undefined ? [] : [`progress: ${singleLine(note)}`]),
    ...(body === undefined ? [] : ['', printable(body).trimEnd()]),
  ];
  return lines.join('\n');
}
