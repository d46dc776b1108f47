/**
 * One grant from its task to its report: workspace, socket, harness, checkpoints, capture, bundle, gates. Every failure on
 * the way is a report with its reason; nothing is silent.
 *
 * 1. Reports and bundles are handed in before the tree is removed: a kill at any instant loses neither.
 * 2. The end of the right stops a harness, not the handing in: work that is finished is reported, and the board says
 *    whether it came too late; work that is cut short is stored as a checkpoint of the ended grant, its rescue.
 */
import { join } from 'node:path';
import type { Evidence, TaskGrant } from '../../schemas/index.ts';
import type { ReportDesk } from '../../shared/agent/claim-loop.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import {
  type CommandProfile,
  type CommandRun,
  type RunResult,
  runCommand,
} from '../../shared/harness/command.ts';
import type { Environment } from '../../shared/harness/environment.ts';
import { runGate } from '../../shared/harness/gate.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import { checkpointUntil, keepCheckpoint } from './checkpointer.ts';
import type { GroupRecords } from './group-records.ts';
import type { MirrorDesk } from './mirror-desk.ts';
import { OutputRelay } from './output-relay.ts';
import { noteRun } from './run-ledger.ts';
import { openRunMail, type RunMail } from './run-mail.ts';
import { openRunSocket, type RunSocket } from './run-socket.ts';
import { createRunTasks, type RunTasks } from './run-tasks.ts';
import { type BareReport, doneReport, judge, type Left, submittedReport } from './verdict.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export interface TaskRunOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly client: BoardClient;
  readonly stateDir: string;
  /** `Place.state` of this worker. */
  readonly placeState: string;
  readonly profile: CommandProfile;
  readonly profileName: string;
  readonly harness: string;
  /** The worker's own environment; allow-lists pick from it. */
  readonly environment: Environment;
  /** How often the tree is stored while the harness works; 0: never. */
  readonly checkpointMs: number;
  readonly groups: GroupRecords;
  readonly mirrors: MirrorDesk;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

/** A run under way: what its steps share. */
interface Run {
  readonly options: TaskRunOptions;
  readonly held: HeldGrant;
  readonly grant: TaskGrant;
  readonly desk: ReportDesk;
  readonly workspace: Workspace;
  readonly tasks: RunTasks;
}

const outputFile = ({ records }: Workspace): string => join(records, 'output.log');

const LEAVING = 'the worker is leaving';

/** Works on the grant and hands its report in, unless the right to report is gone. Never rejects. */
export async function runTask(
  options: TaskRunOptions,
  held: HeldGrant,
  grant: TaskGrant,
  desk: ReportDesk,
): Promise<void> {
  const { log } = options;
  const relay = new OutputRelay({ ...options, run: grant.run, fence: grant.fence });
  const mail = openRunMail(options);
  let run: Run | undefined;
  try {
    const unread = mail.unread(held.signal);
    const workspace = await openWorkspace({ ...options, mail: unread }, grant, held.signal);
    const startedAt = options.clock.now();
    const tasks = tasksOf(options, held, grant, desk, workspace, startedAt);
    const begun: Run = { options, held, grant, desk, workspace, tasks };
    run = begun;
    const end = await withSocket(begun, mail, (socket) => runHarness(begun, relay, socket));
    await noteLedger(run, startedAt, end);
    await handIn(run, end);
  } catch (error) {
    await handInFailure(options, held, grant, desk, run, error);
  } finally {
    await mail.close().catch((error: unknown) => {
      log.debug({ run: grant.run, reason: messageOf(error) }, 'the last receipts could not be written');
    });
    await relay.close().catch((error: unknown) => {
      log.warn({ run: grant.run, reason: messageOf(error) }, 'the last output could not be sent');
    });
  }
}

function tasksOf(
  options: TaskRunOptions,
  held: HeldGrant,
  grant: TaskGrant,
  desk: ReportDesk,
  { tree }: Workspace,
  startedAt: number,
): RunTasks {
  const { timeoutMs } = options.profile;
  const deadline = timeoutMs === undefined ? {} : { deadlineAt: startedAt + timeoutMs };
  return createRunTasks({
    ...options,
    held,
    grant,
    desk,
    noteBlocked: (reason) => tree.noteBlocked(reason),
    ...deadline,
  });
}

/** Gives the harness its socket for as long as it runs. A machine that allows none keeps no task from being done. */
async function withSocket<T>(
  { options, workspace, tasks }: Run,
  mail: RunMail,
  use: (socket: RunSocket | undefined) => Promise<T>,
): Promise<T> {
  const { log } = options;
  const seat = { mail: mail.desk, tasks, notice: () => mail.notice() };
  const socket = await openRunSocket({ ...options, records: workspace.records, seat }).catch(
    (error: unknown) => {
      log.warn(
        { reason: messageOf(error) },
        'the run has no socket: its harness can neither mail nor speak of its task',
      );
      return undefined;
    },
  );
  try {
    return await use(socket);
  } finally {
    await socket?.close().catch((error: unknown) => {
      log.warn({ path: socket.path, reason: messageOf(error) }, 'the socket of a run could not be removed');
    });
  }
}

/** Names the grant in a report of its own id. */
const headOf = ({ randomId }: Pick<TaskRunOptions, 'randomId'>, grant: TaskGrant) => ({
  v: 1 as const,
  id: randomId(),
  task: grant.task,
  fence: grant.fence,
  run: grant.run,
});

async function handIn(run: Run, end: RunResult): Promise<void> {
  const { options, held, grant, desk, workspace, tasks } = run;
  const word = tasks.word();
  const isCutShort = end.outcome === 'fenced' || end.outcome === 'killed' || word?.kind === 'blocked';
  const left: Left = isCutShort ? { kind: 'none' } : await workspace.tree.capture();
  const verdict = judge(grant, end, left, word);
  switch (verdict.next) {
    case 'rescue':
      return rescue(run);
    case 'release': {
      if (held.signal.aborted) return release(run);
      // Somebody else ended the harness: giving the task back uncounted could go on for ever.
      const { reason, tail } = end;
      const failed = { kind: 'failed', outcome: 'crashed', reason, tail } as const;
      await desk.keep({ report: { ...headOf(options, grant), ...failed } });
      return tidy(run, false);
    }
    case 'block': {
      await keepCheckpoint({ tree: workspace.tree, desk, log: options.log });
      const usage = { duration_ms: Math.round(end.durationMs) };
      const blocked = { kind: 'blocked', outcome: 'blocked', reason: verdict.reason, usage } as const;
      await desk.keep({ report: { ...headOf(options, grant), ...blocked } });
      return tidy(run, true);
    }
    case 'report':
      await desk.keep({ report: { ...headOf(options, grant), ...verdict.report } });
      return tidy(run, false);
    case 'submit': {
      held.enter('storing');
      const { change } = verdict;
      const { tree } = workspace;
      const { file, ref } = await tree.bundle(change);
      const report = submittedReport(headOf(options, grant), change, ref, end.durationMs);
      const { base, head } = change;
      const number = await tree.nextNumber();
      const late = tree.checkpointReport({ fence: grant.fence, number, base, head, file: ref });
      await desk.keep({ report, bundle: file, rescue: late });
      await tree.noteSubmitted(head);
      return tidy(run, true);
    }
    case 'gates': {
      // Nobody asked for it, and it goes into no submission; but red gates mean another try.
      if (left.kind === 'change') await keepCheckpoint({ tree: workspace.tree, desk, log: options.log });
      const evidence = await runGates(run);
      await desk.keep({ report: doneReport(headOf(options, grant), end, left, evidence, word) });
      return tidy(run, true);
    }
  }
}

/** The grant ended elsewhere: what stands in the tree is kept for whoever has the task now. */
async function rescue({ options, desk, workspace, grant }: Run): Promise<void> {
  const { log } = options;
  const isKept = await keepCheckpoint({ tree: workspace.tree, desk, log });
  if (isKept) log.info({ task: grant.task, fence: grant.fence }, 'the tree of an ended grant is stored');
  await tidy({ options, workspace }, true);
}

/** The worker leaves: the task goes back, with the tree as it stands. */
async function release(run: Run): Promise<void> {
  const { options, grant, desk, workspace } = run;
  const { tree } = workspace;
  const taken = await tree.checkpoint();
  const released = { ...headOf(options, grant), kind: 'released', reason: LEAVING } as const;
  if (taken === undefined) {
    await desk.keep({ report: released });
  } else {
    const { checkpoint, bundle } = taken;
    const late = tree.checkpointReport(checkpoint);
    await desk.keep({ report: { ...released, checkpoint }, bundle, rescue: late });
    await tree.noteSaved(taken.tree);
  }
  await tidy(run, true);
}

/** Something on the way failed: the report says what, and the tree stays when it holds work. */
async function handInFailure(
  options: TaskRunOptions,
  held: HeldGrant,
  grant: TaskGrant,
  desk: ReportDesk,
  run: Run | undefined,
  error: unknown,
): Promise<void> {
  const { log } = options;
  try {
    if (held.signal.aborted) {
      if (run !== undefined) return await (held.signal.reason === 'fenced' ? rescue(run) : release(run));
      if (held.signal.reason === 'fenced') return;
    }
    const report: BareReport = held.signal.aborted
      ? { kind: 'released', reason: LEAVING }
      : { kind: 'failed', outcome: 'env_failed', reason: messageOf(error).slice(0, 1_000) };
    if (!held.signal.aborted)
      log.error({ err: error, task: grant.task, fence: grant.fence }, 'the run could not be carried out');
    await desk.keep({ report: { ...headOf(options, grant), ...report } });
  } catch (last) {
    // The tree and its record stay: the next start takes them up.
    log.error({ err: last, task: grant.task, fence: grant.fence }, 'the end of a run could not be handed in');
  }
}

async function runHarness(
  { options, held, grant, desk, workspace, tasks }: Run,
  relay: OutputRelay,
  socket: RunSocket | undefined,
): Promise<RunResult> {
  const { profile, project, agent, clock, log, environment, groups, checkpointMs } = options;
  const { tree } = workspace;
  const harness: CommandRun = runCommand(
    profile,
    {
      promptFile: workspace.promptFile,
      promptText: workspace.promptText,
      worktree: tree.folder,
      project,
      taskId: grant.task,
      fence: grant.fence,
      run: grant.run,
      agent,
      ...(socket === undefined ? {} : { socket: socket.path }),
    },
    {
      clock,
      log,
      environment,
      signal: held.signal,
      logFile: outputFile(workspace),
      onOutput: ({ stream, bytes }) => relay.take(stream, bytes),
      onStarted: (group) => groups.record(grant.run, group),
    },
  );
  held.follow(() => ({
    phase: 'running',
    outputBytes: harness.outputBytes(),
    // A word of progress is a sign of it as good as output.
    outputAgeMs: Math.min(harness.lastOutputAgeMs(), tasks.progressAgeMs()),
  }));
  const over = new AbortController();
  const checkpoints = checkpointUntil({ tree, desk, intervalMs: checkpointMs, clock, log }, over.signal);
  let end: RunResult;
  try {
    end = await harness.result;
  } finally {
    over.abort();
    await checkpoints;
  }
  await groups.forget(grant.run);
  relay.say(`run ${grant.run} of ${grant.task}: ${end.outcome}: ${end.reason}`);
  log.info(
    { task: grant.task, fence: grant.fence, outcome: end.outcome, ms: Math.round(end.durationMs) },
    end.reason,
  );
  return end;
}

async function runGates({ options, held, grant, workspace }: Run): Promise<Evidence[]> {
  const evidence: Evidence[] = [];
  for (const gate of grant.gates) {
    held.follow(() => ({ phase: `gate ${gate.name}`, outputBytes: 0 }));
    const { clock, log, environment } = options;
    const done = await runGate(gate, {
      folder: workspace.tree.folder,
      taskId: grant.task,
      run: grant.run,
      environment,
      logFile: join(workspace.records, `${gate.name}.log`),
      clock,
      log,
      signal: held.signal,
    });
    evidence.push(done.evidence);
  }
  return evidence;
}

async function tidy(
  { options: { log }, workspace: { tree } }: Pick<Run, 'options' | 'workspace'>,
  isSafe: boolean,
): Promise<void> {
  try {
    if (!(await tree.remove(isSafe)))
      log.info({ folder: tree.folder }, 'the tree is kept: it holds work that is stored nowhere else');
  } catch (error) {
    log.warn({ folder: tree.folder, reason: messageOf(error) }, 'the tree could not be removed');
  }
}

async function noteLedger({ options, grant, workspace }: Run, startedAt: number, end: RunResult) {
  const { ledger, profileName, harness, clock, log } = options;
  const { exitCode } = end;
  const run = {
    runId: grant.run,
    outcome: end.outcome,
    profile: profileName,
    harness,
    promptSource: 'base',
    promptPath: workspace.promptFile,
    promptOverride: false,
    startedAt,
    finishedAt: clock.now(),
    ...(exitCode === undefined ? {} : { exitCode }),
    task: grant.task,
    fence: grant.fence,
    tail: end.tail,
  };
  await noteRun(ledger, { run, outputFile: outputFile(workspace) }, log);
}
