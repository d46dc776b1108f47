/**
 * One demo from its start to its last word: files, tasks, swarm, run, check. Owns the temporary folder and what is
 * left in the end, however it ends:
 *
 * 1. Nothing runs and nothing is written before the repository is known to be good.
 * 2. Whatever happens, the services are stopped first, then the folder is removed (unless it is to be kept).
 * 3. Of a repository of the user's, only the swarm's own branch is left, and not even that after an interruption.
 */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskView } from '../../schemas/index.ts';
import { systemClock } from '../../shared/clock.ts';
import { isWaggleError, messageOf, WaggleError } from '../../shared/errors.ts';
import { git } from '../../shared/git/git.ts';
import { silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import type { Variables } from '../../shared/service/context.ts';
import { chooseFiles } from './chosen-files.ts';
import { demoTasks, indexFileFor } from './demo-tasks.ts';
import { type FireOptions, layPause, setFire } from './fire.ts';
import { forgetProject } from './foreign-bus.ts';
import { type JournalFacts, readJournal } from './journal-facts.ts';
import { DEFAULT_TASKS, type DemoOptions } from './options.ts';
import { createParser } from './parser.ts';
import type { View } from './progress-view.ts';
import { makeToolFolder, writeProject } from './project-folder.ts';
import { type FinishedRun, runProject } from './project-run.ts';
import { packageSource, repositorySource, type Source } from './source.ts';
import { counted, type SummaryOptions } from './summary.ts';
import { serviceVariables, startSwarm } from './swarm.ts';
import { footprintOf } from './tree-footprint.ts';
import { type BoardWord, verifyResult } from './verification.ts';

export interface DemoSurroundings {
  readonly variables: Variables;
  readonly view: View;
  readonly elapsedMs: () => number;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Aborts on a second one. */
  readonly hurry: AbortSignal;
}

/** Errors: those of the source, `check-failed`; the signal's reason. A failed check is a result. */
export async function runDemo(options: DemoOptions, around: DemoSurroundings): Promise<SummaryOptions> {
  const { view, signal } = around;
  // Looked at first: an error must leave nothing behind, not even for a moment.
  const foreign = options.repo === undefined ? undefined : await repositorySource(options.repo, signal);
  const root = await realpath(await mkdtemp(join(tmpdir(), 'waggle-demo-')));
  try {
    const source = foreign ?? (await packageSource(join(root, 'repository'), signal));
    const summary = await inFolder(options, around, source, root);
    if (foreign !== undefined) await dropRefs(foreign, [`refs/waggle/fence/${foreign.lane}`]);
    return { ...summary, ...(options.keep ? { kept: root } : {}) };
  } catch (error) {
    if (foreign !== undefined)
      await dropRefs(foreign, [`refs/waggle/fence/${foreign.lane}`, `refs/heads/${branchOf(foreign)}`]);
    if (options.keep) view.say(`kept: ${root}`);
    throw error;
  } finally {
    if (!options.keep) await rm(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

const branchOf = ({ lane }: Source): string => `waggle/${lane}`;

async function inFolder(
  options: DemoOptions,
  around: DemoSurroundings,
  source: Source,
  root: string,
): Promise<SummaryOptions> {
  const { view, elapsedMs, signal } = around;
  const variables = serviceVariables(around.variables);
  const tool = await makeToolFolder(root);
  const parser = createParser({ formatter: tool.formatter, toolFolder: tool.folder, signal });
  const wanted = (options.tasks ?? DEFAULT_TASKS) - 1;
  const choosing = {
    source,
    folder: join(root, 'expected'),
    formatter: tool.formatter,
    parser,
    wanted,
    signal,
  };
  const files = await chooseFiles(choosing);
  if (options.tasks !== undefined && files.length < wanted) {
    const message = `--tasks ${options.tasks}: only ${counted(files.length, 'file')} of ${source.described} can be used; the most is --tasks ${files.length + 1}`;
    throw new WaggleError('usage', { message });
  }
  const before = await footprintOf(source, source.lane, signal);
  const { stdout: paths } = await git(['ls-tree', '--name-only', '-z', source.head], {
    gitDir: source.gitDir,
    signal,
  });
  const indexFile = indexFileFor(paths.split('\0'));
  const { specs, expected } = demoTasks(files, indexFile);
  const workers = Array.from({ length: options.workers }, (_, n) => `w${n + 1}`);
  const taskFile = await writeProject({
    root,
    project: `demo-${randomId(8)}`,
    tool,
    home: source.path,
    lane: source.lane,
    workers: workers.length,
    indexFile,
    tasks: specs,
  });
  view.say(
    `waggle demo: ${specs.length} tasks for ${counted(workers.length, 'worker')} on ${source.described}; each formats one file, the last lists them all`,
  );
  const titles = new Map(specs.map(({ id, title }) => [id, title]));
  const fire = options.calm ? undefined : await laidFire(tool.folder, expected, view);
  const run = await runSwarm(around, root, variables, workers, fire, {
    taskFile,
    tasks: specs.length,
    onAdded: () => view.begin(titles, workers),
    onNews: (news) => view.take(news),
  });

  const facts = readJournal(run.batches);
  const verdict = await verifyResult({
    gitDir: source.gitDir,
    base: source.head,
    branch: branchOf(source),
    tasks: expected,
    board: new Map(run.views.map(({ task }) => [task.id, boardWord(task)])),
    facts,
    parser,
    folder: join(root, 'committed'),
    signal,
  });
  const now = await footprintOf(source, source.lane, signal);
  const touched = Object.entries(before).filter(([part, digest]) => now[part as keyof typeof now] !== digest);
  const problems = [
    ...verdict.problems,
    ...touched.map(([part]) => `${source.path}: its ${part} was changed`),
    ...(options.calm ? [] : unkilled(facts)),
  ];
  return {
    result: {
      tasks: specs.length,
      closed: verdict.closed,
      commits: verdict.commits.length,
      ...ownership(facts),
      lost: verdict.lost.length,
      elapsed_ms: Math.round(elapsedMs()),
      repo: source.path,
    },
    problems,
    workers: workers.length,
    busyMs: facts.busyMs,
    branch: branchOf(source),
    isForeign: options.repo !== undefined,
  };
}

/** The run itself. Its services are gone when this settles. */
async function runSwarm(
  { view, signal, hurry }: DemoSurroundings,
  root: string,
  variables: Variables,
  workers: readonly string[],
  fire: Omit<FireOptions, 'swarm'> | undefined,
  run: Pick<Parameters<typeof runProject>[0], 'taskFile' | 'tasks' | 'onAdded' | 'onNews'>,
): Promise<FinishedRun> {
  const swarm = await startSwarm({
    root,
    logDir: join(root, 'logs'),
    workers,
    variables,
    onTrouble: (text) => view.say(text),
    clock: systemClock,
    log: silentLog,
    signal,
  });
  const over = new AbortController();
  const running = runProject({
    root,
    variables,
    ...run,
    ...(fire === undefined ? {} : { meanwhile: (client, stop) => setFire({ ...fire, swarm }, client, stop) }),
    onTrouble: (text) => view.say(text),
    signal: AbortSignal.any([signal, over.signal]),
  });
  try {
    return await Promise.race([running, swarm.broken]);
  } finally {
    over.abort();
    await running.catch(() => undefined);
    view.end();
    await swarm.stop(hurry);
    if ((variables['WAGGLE_NATS_URL'] ?? '').trim() !== '') {
      await forgetProject(root, variables).catch((error: unknown) => {
        // A bus that is gone is what the run itself failed of.
        if (!isWaggleError(error, 'bus-unreachable'))
          view.say(`the project's streams could not be deleted from the bus: ${messageOf(error)}`);
      });
    }
  }
}

/** The pause in one file's formatting, and what is killed when. */
async function laidFire(
  toolFolder: string,
  expected: readonly { readonly id: string; readonly path: string }[],
  view: View,
): Promise<Omit<FireOptions, 'swarm'> | undefined> {
  // Not the last task, which depends on all others.
  const victim = expected[Math.floor((expected.length - 1) / 4)];
  if (victim === undefined) return undefined;
  const fire = {
    toolFolder,
    victim: { task: victim.id, path: victim.path },
    leaderAfter: Math.ceil(expected.length / 3),
    say: (text: string) => view.say(text),
    clock: systemClock,
  };
  await layPause(fire);
  return fire;
}

/** What was to be survived must have happened. */
const unkilled = ({ takeovers, failovers }: JournalFacts): string[] => [
  ...(takeovers > 0 ? [] : ['no task was taken over from the killed worker']),
  ...(failovers > 0 ? [] : ['the lead did not pass on from the killed orchestrator']),
];

const ownership = ({ takeovers, failovers, doubleOwned }: JournalFacts) => ({
  takeovers,
  orchestrator_failovers: failovers,
  double_owners: doubleOwned.length,
});

function boardWord({ state, closing, blocked_reason }: TaskView['task']): BoardWord {
  return {
    state,
    ...(closing?.commit === undefined ? {} : { commit: closing.commit }),
    ...(blocked_reason === undefined ? {} : { reason: blocked_reason }),
  };
}

/** Ours alone: nobody had used the lane's name before. */
async function dropRefs({ gitDir }: Source, refs: readonly string[]): Promise<void> {
  const input = refs.map((ref) => `delete ${ref}\n`).join('');
  await git(['update-ref', '--stdin'], { gitDir, input });
}
