/**
 * One grant from its task to its report: workspace, harness, capture, bundle, gates. Every failure on the way is
 * a report with its reason; nothing is silent.
 */
import { join } from 'node:path';
import type { Evidence, Report, TaskGrant } from '../../schemas/index.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import { isTransient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import { type CommandProfile, type CommandRun, runCommand } from '../../shared/harness/command.ts';
import type { Environment } from '../../shared/harness/environment.ts';
import { runGate } from '../../shared/harness/gate.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import type { GroupRecords } from './group-records.ts';
import type { MirrorDesk } from './mirror-desk.ts';
import { OutputRelay } from './output-relay.ts';
import { type BareReport, doneReport, judge, type Left, type RunEnd, submittedReport } from './verdict.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export interface TaskRunOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly stateDir: string;
  readonly profile: CommandProfile;
  /** The worker's own environment; allow-lists pick from it. */
  readonly environment: Environment;
  readonly groups: GroupRecords;
  readonly mirrors: MirrorDesk;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

const STORE_RETRY_MS = 500;

/** The report to send, or nothing when the right to report is gone. Never rejects. */
export async function runTask(
  options: TaskRunOptions,
  held: HeldGrant,
  grant: TaskGrant,
): Promise<Report | undefined> {
  const { randomId, log } = options;
  const head = { v: 1 as const, id: randomId(), task: grant.task, fence: grant.fence, run: grant.run };
  const bare = (report: BareReport): Report => ({ ...head, ...report });
  const relay = new OutputRelay({ ...options, run: grant.run, fence: grant.fence });
  try {
    const workspace = await openWorkspace(options, grant, held.signal);
    const { end, left } = await runHarness(options, held, grant, workspace, relay);
    const verdict = judge(grant, end, left);
    switch (verdict.next) {
      case 'nothing':
        await tidy(workspace, false, log);
        return undefined;
      case 'report':
        await tidy(workspace, false, log);
        return bare(verdict.report);
      case 'submit': {
        held.follow(() => ({ phase: 'storing', outputBytes: 0 }));
        const bundle = await storeUntil(options, held, () => workspace.store(verdict.change, held.signal));
        await tidy(workspace, true, log);
        return submittedReport(head, verdict.change, bundle, end.durationMs);
      }
      case 'gates': {
        const evidence = await runGates(options, held, grant, workspace);
        await tidy(workspace, true, log);
        return doneReport(head, end, left, evidence);
      }
    }
  } catch (error) {
    if (held.signal.reason === 'fenced') return undefined;
    if (held.signal.aborted) return bare({ kind: 'released', reason: 'the worker is leaving' });
    log.error({ err: error, task: grant.task, fence: grant.fence }, 'the run could not be carried out');
    return bare({ kind: 'failed', outcome: 'env_failed', reason: messageOf(error).slice(0, 1_000) });
  } finally {
    await relay.close();
  }
}

async function runHarness(
  options: TaskRunOptions,
  held: HeldGrant,
  grant: TaskGrant,
  workspace: Workspace,
  relay: OutputRelay,
): Promise<{ end: RunEnd; left: Left }> {
  const { profile, project, agent, clock, log, environment, groups } = options;
  const run: CommandRun = runCommand(
    profile,
    {
      promptFile: workspace.promptFile,
      promptText: workspace.promptText,
      worktree: workspace.folder,
      project,
      taskId: grant.task,
      fence: grant.fence,
      run: grant.run,
      agent,
    },
    {
      clock,
      log,
      environment,
      signal: held.signal,
      logFile: join(workspace.records, 'output.log'),
      onOutput: ({ stream, bytes }) => relay.take(stream, bytes),
      onStarted: (group) => groups.record(grant.run, group),
    },
  );
  held.follow(() => ({
    phase: 'running',
    outputBytes: run.outputBytes(),
    outputAgeMs: run.lastOutputAgeMs(),
  }));
  const end = await run.result;
  await groups.forget(grant.run);
  relay.say(`run ${grant.run} of ${grant.task}: ${end.outcome}: ${end.reason}`);
  log.info(
    { task: grant.task, fence: grant.fence, outcome: end.outcome, ms: Math.round(end.durationMs) },
    end.reason,
  );
  const isOver = end.outcome === 'fenced' || end.outcome === 'killed';
  const left: Left = isOver ? { kind: 'none' } : await workspace.capture(held.signal);
  return { end, left };
}

/** The bundle must be stored before anything is reported; the bus may be away meanwhile. */
async function storeUntil<T>(
  { clock, log }: TaskRunOptions,
  held: HeldGrant,
  store: () => Promise<T>,
): Promise<T> {
  for (;;) {
    held.signal.throwIfAborted();
    try {
      return await store();
    } catch (error) {
      if (!isWaggleError(error) || !isTransient(error)) throw error;
      log.warn({ task: held.grant.task, reason: messageOf(error) }, 'the change is not stored yet');
      await clock.sleep(STORE_RETRY_MS, held.signal);
    }
  }
}

async function runGates(
  options: TaskRunOptions,
  held: HeldGrant,
  grant: TaskGrant,
  workspace: Workspace,
): Promise<Evidence[]> {
  const evidence: Evidence[] = [];
  for (const gate of grant.gates) {
    held.follow(() => ({ phase: `gate ${gate.name}`, outputBytes: 0 }));
    const { clock, log, environment } = options;
    const done = await runGate(gate, {
      folder: workspace.folder,
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

async function tidy(workspace: Workspace, isStored: boolean, log: Log): Promise<void> {
  try {
    if (!(await workspace.tidy(isStored)))
      log.info({ folder: workspace.folder }, 'the tree is kept: it holds work');
  } catch (error) {
    log.warn({ folder: workspace.folder, reason: messageOf(error) }, 'the tree could not be removed');
  }
}
