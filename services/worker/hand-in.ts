/**
 * The end of a run: from what its harness left to the report of its grant. Every failure on the way is a report with its
 * reason; nothing is silent.
 *
 * 1. Reports and bundles are handed in before the tree is removed: a kill at any instant loses neither.
 * 2. The end of the right stops a harness, not the handing in: work that is finished is reported, and the board says
 *    whether it came too late; work that is cut short is stored as a checkpoint of the ended grant, its rescue.
 */
import { join } from 'node:path';
import type { Evidence, Outcome, RunNote, TaskGrant, Usage } from '../../schemas/index.ts';
import { LINE_LIMIT } from '../../schemas/limits.ts';
import type { ReportDesk } from '../../shared/agent/granted-work.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import { messageOf } from '../../shared/errors.ts';
import { runGate } from '../../shared/harness/gate.ts';
import { tokensOf } from '../../shared/harness/usage.ts';
import { keepCheckpoint } from './checkpointer.ts';
import { headOf, type Run, type RunOptions } from './run-context.ts';
import {
  type BareReport,
  doneReport,
  judge,
  type Left,
  type RunClass,
  submittedReport,
  type Told,
} from './verdict.ts';

/** What a harness left of a run. */
export interface HarnessLeft {
  /** Its tree is stored as it is, and not looked at. */
  readonly isCutShort: boolean;
  /** Classes the end, from what is known of the tree: whether it holds a change. */
  classify(changed: boolean | undefined): RunClass & { readonly evidence: readonly string[] };
  readonly tail: string;
  readonly usage: Usage;
  /** Where its rendered output stands. */
  readonly outputFile: string;
  readonly note: Pick<RunNote, 'harness' | 'model' | 'mode' | 'session' | 'exit_code' | 'quota'>;
}

/** A run that was judged and reported. */
export interface HandedIn {
  readonly outcome: Outcome;
  readonly reason: string;
}

const LEAVING = 'the worker is leaving';
const EVIDENCE_MOST = 16;

export async function handIn(run: Run, harness: HarnessLeft): Promise<HandedIn> {
  const { options, held, grant, desk, workspace, tasks } = run;
  const word = tasks.word();
  const isCutShort = harness.isCutShort || word?.kind === 'blocked';
  const left: Left = isCutShort ? { kind: 'none' } : await workspace.tree.capture();
  const end = harness.classify(isCutShort ? undefined : left.kind === 'change');
  const told = toldOf(run, harness, end);
  await noteLedger(run, harness, end);
  const verdict = judge(grant, end, harness.tail, left, word);
  const report = headOf(options, grant);
  switch (verdict.next) {
    case 'rescue':
      await rescue(run);
      // The grant's end was somebody else's to report: what it cost is still ours to tell.
      await tellUsage(run, harness.usage);
      break;
    case 'release':
      if (held.signal.aborted) {
        await release(run, told);
        break;
      }
      // Somebody else ended the harness: giving the task back uncounted could go on for ever.
      await desk.keep({
        report: {
          ...report,
          kind: 'failed',
          outcome: 'crashed',
          reason: end.reason,
          tail: harness.tail,
          ...told,
        },
      });
      await tidy(run, false);
      break;
    case 'block': {
      const { outcome, reason } = verdict;
      await keepCheckpoint({ tree: workspace.tree, desk, log: options.log });
      await desk.keep({
        report: { ...report, kind: 'blocked', outcome, reason: reason.slice(0, LINE_LIMIT), ...told },
      });
      await tidy(run, true);
      break;
    }
    case 'report':
      if (verdict.keepsTree) await keepCheckpoint({ tree: workspace.tree, desk, log: options.log });
      await desk.keep({ report: { ...report, ...verdict.report, ...told } });
      await tidy(run, verdict.keepsTree);
      break;
    case 'submit': {
      held.enter('storing');
      const { change } = verdict;
      const { tree } = workspace;
      const { file, ref } = await tree.bundle(change);
      const { base, head } = change;
      const number = await tree.nextNumber();
      const late = tree.checkpointReport({ fence: grant.fence, number, base, head, file: ref });
      await desk.keep({ report: submittedReport(report, change, ref, told), bundle: file, rescue: late });
      await tree.noteSubmitted(head);
      await tidy(run, true);
      break;
    }
    case 'gates': {
      // Nobody asked for it, and it goes into no submission; but red gates mean another try.
      if (left.kind === 'change') await keepCheckpoint({ tree: workspace.tree, desk, log: options.log });
      const evidence = await runGates(run);
      await desk.keep({ report: doneReport(report, end, left, evidence, told, word) });
      await tidy(run, true);
      break;
    }
  }
  return { outcome: end.outcome, reason: end.reason };
}

/** Something on the way failed: the report says what, and the tree stays when it holds work. */
export async function handInFailure(
  options: RunOptions,
  { held, grant, desk }: { readonly held: HeldGrant; readonly grant: TaskGrant; readonly desk: ReportDesk },
  run: Run | undefined,
  error: unknown,
): Promise<void> {
  const { log, disk } = options;
  disk.doubt();
  try {
    if (held.signal.aborted) {
      if (run !== undefined) return await (held.signal.reason === 'fenced' ? rescue(run) : release(run));
      if (held.signal.reason === 'fenced') return;
    }
    const report: BareReport = held.signal.aborted
      ? { kind: 'released', reason: leavingReason(held) }
      : { kind: 'failed', outcome: 'env_failed', reason: messageOf(error).slice(0, LINE_LIMIT) };
    if (!held.signal.aborted)
      log.error({ err: error, task: grant.task, fence: grant.fence }, 'the run could not be carried out');
    await desk.keep({ report: { ...headOf(options, grant), ...report } });
  } catch (last) {
    // The tree and its record stay: the next start takes them up.
    log.error({ err: last, task: grant.task, fence: grant.fence }, 'the end of a run could not be handed in');
  }
}

/** The grant ended elsewhere: what stands in the tree is kept for whoever has the task now. */
async function rescue(run: Run): Promise<void> {
  const { options, desk, workspace, grant } = run;
  const { log } = options;
  const isKept = await keepCheckpoint({ tree: workspace.tree, desk, log });
  if (isKept) log.info({ task: grant.task, fence: grant.fence }, 'the tree of an ended grant is stored');
  await tidy(run, true);
}

/** All that a run has used, whose end was reported without. */
export async function tellUsage({ options, grant, desk }: Run, usage: Usage): Promise<void> {
  if (tokensOf(usage) === 0 && (usage.cost_usd ?? 0) === 0) return;
  await desk.keep({ report: { ...headOf(options, grant), kind: 'used', usage } });
}

/** The run has to end: the task goes back, with the tree as it stands. */
async function release(run: Run, told?: Told): Promise<void> {
  const { options, grant, desk, held, workspace } = run;
  const { tree } = workspace;
  const taken = await tree.checkpoint();
  const released = {
    ...headOf(options, grant),
    kind: 'released',
    reason: leavingReason(held),
    ...told,
  } as const;
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

const leavingReason = ({ why }: HeldGrant): string => (why ?? LEAVING).slice(0, LINE_LIMIT);

async function runGates({ options, held, grant, workspace }: Run): Promise<Evidence[]> {
  const evidence: Evidence[] = [];
  for (const gate of grant.gates) {
    held.enter(`gate ${gate.name}`);
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

async function tidy({ options: { log }, workspace: { tree } }: Run, isSafe: boolean): Promise<void> {
  try {
    if (!(await tree.remove(isSafe)))
      log.info({ folder: tree.folder }, 'the tree is kept: it holds work that is stored nowhere else');
  } catch (error) {
    log.warn({ folder: tree.folder, reason: messageOf(error) }, 'the tree could not be removed');
  }
}

function toldOf(
  { prompt, held }: Run,
  { usage, note }: HarnessLeft,
  { outcome, evidence }: RunClass & { readonly evidence: readonly string[] },
): Told {
  const { prompts, prompt_sha256 } = prompt;
  // Whoever had it ended may have said why, and that tells more than that it was.
  const why = outcome === 'killed' && held.why !== undefined ? [held.why] : [];
  const said = [...why, ...evidence]
    .map((line) => line.slice(0, LINE_LIMIT))
    .filter((line) => line !== '')
    .slice(0, EVIDENCE_MOST);
  return { usage, run_note: { ...note, outcome, evidence: said, prompts, prompt_sha256 } };
}

async function noteLedger(run: Run, harness: HarnessLeft, { outcome }: RunClass): Promise<void> {
  const { options, grant, prompt, profile, startedAt } = run;
  const { ledger, clock } = options;
  const { exit_code: exitCode, harness: name } = harness.note;
  const tokens = tokensOf(harness.usage);
  const entry = {
    runId: grant.run,
    outcome,
    profile,
    ...(name === undefined ? {} : { harness: name }),
    promptSource: prompt.isOverride ? 'override' : 'base',
    promptPath: prompt.file,
    promptOverride: prompt.isOverride,
    startedAt,
    finishedAt: clock.now(),
    ...(exitCode === undefined ? {} : { exitCode }),
    task: grant.task,
    fence: grant.fence,
    ...(tokens === 0 ? {} : { tokens }),
    tail: harness.tail,
  };
  await ledger.note({ run: entry, outputFile: harness.outputFile });
}
