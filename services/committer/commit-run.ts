/**
 * One commit grant, in the five steps of DESIGN 2.4: raise the fence ref, look for what stands there already, take
 * the change in and run the gates, make the commit, move branch and fence in one transaction.
 *
 * Invariants:
 * 1. No outcome, bounce included, is reported before the fence ref is ours.
 * 2. `committed` is reported only of what was read back from the lane's home.
 * 3. A later fence on the ref means that the right is gone: nothing is reported.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitGrant, Evidence, Report, ReportOf } from '../../schemas/index.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import { isTransient } from '../../shared/bus/board-client.ts';
import { getFile, putFile } from '../../shared/bus/files.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import { commitSubject } from '../../shared/git/commit-subject.ts';
import { commitMessage, subjectLine } from '../../shared/git/message.ts';
import type { Environment } from '../../shared/harness/environment.ts';
import { runGate } from '../../shared/harness/gate.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import type { LaneDesk, LaneHands } from './lane-desk.ts';

export interface CommitRunOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly stateDir: string;
  readonly desk: LaneDesk;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

const RETRY_MS = 1_000;
/** How often the branch may move under our hands before the grant is given back. */
const LOOKS = 5;

type Outcome = Omit<ReportOf<'committed'>, keyof Head> | Omit<ReportOf<'bounced'>, keyof Head>;
type Head = Pick<ReportOf<'committed'>, 'v' | 'id' | 'task' | 'fence' | 'run' | 'lane'>;

/** The report to send, or nothing when the right to report is gone. Never rejects. */
export async function runCommit(
  options: CommitRunOptions,
  held: HeldGrant,
  grant: CommitGrant,
): Promise<Report | undefined> {
  const { clock, log, randomId } = options;
  const { signal } = held;
  const head: Head = {
    v: 1,
    id: randomId(),
    task: grant.task,
    fence: grant.fence,
    run: grant.run,
    lane: grant.lane.name,
  };
  for (;;) {
    try {
      const outcome = await commit(options, held, grant);
      return outcome === undefined ? undefined : ({ ...head, ...outcome } as Report);
    } catch (error) {
      if (signal.reason === 'fenced') return undefined;
      if (signal.aborted) {
        return { ...head, kind: 'bounced', reason: 'drained', detail: 'the committer is leaving' };
      }
      const isPassing = isWaggleError(error) && isTransient(error);
      log[isPassing ? 'warn' : 'error'](
        { err: error, task: grant.task, fence: grant.fence },
        'the commit did not go through; trying again',
      );
      held.follow(() => ({ phase: `retrying: ${messageOf(error).slice(0, 200)}`, outputBytes: 0 }));
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }
}

/** Undefined: somebody with a later fence is at work, this grant has ended. */
async function commit(
  options: CommitRunOptions,
  held: HeldGrant,
  grant: CommitGrant,
): Promise<Outcome | undefined> {
  const { desk, log } = options;
  const { signal } = held;
  const hands = await desk.hands(grant.lane, signal);
  const { home } = hands;
  const { branch, name } = grant.lane;

  held.follow(() => ({ phase: 'fencing', outputBytes: 0 }));
  const fenced = await home.raiseFence(name, grant.fence, signal);
  if (fenced.status === 'outrun') {
    log.warn({ task: grant.task, fence: grant.fence, by: fenced.by }, 'a later fence stands on the lane');
    return undefined;
  }
  for (let look = 1; ; look += 1) {
    const outcome = await lookAndLand(options, held, grant, hands);
    if (outcome !== 'moved') return outcome;
    const tip = await home.tip(branch, signal);
    if (look >= LOOKS)
      return { kind: 'bounced', reason: 'drained', detail: `${branch} kept moving; last at ${tip ?? '?'}` };
  }
}

async function lookAndLand(
  options: CommitRunOptions,
  held: HeldGrant,
  grant: CommitGrant,
  { home, clone }: LaneHands,
): Promise<Outcome | 'moved' | undefined> {
  const { log, stateDir } = options;
  const { signal } = held;
  const { lane, submission } = grant;
  const phase = (name: string) => held.follow(() => ({ phase: name, outputBytes: 0 }));

  phase('looking');
  const tip =
    (await home.tip(lane.branch, signal)) ??
    (await home.open({ branch: lane.branch, base: lane.base, signal }));
  const found = await home.findRun(lane.branch, { run: submission.run, base: submission.base, signal });
  if (found?.parent !== undefined) {
    log.info({ task: grant.task, commit: found.commit }, 'the change stands in the branch already');
    const subject = await commitSubject({ gitDir: home.gitDir, signal }, found.commit);
    return {
      kind: 'committed',
      old: found.parent,
      new: found.commit,
      commit: found.commit,
      subject,
      found: true,
    };
  }
  if (lane.tip !== undefined && tip !== lane.tip) {
    const detail = `${lane.branch} was expected at ${lane.tip} and stands at ${tip}`;
    return { kind: 'bounced', reason: 'lane_moved', detail, found: tip };
  }

  phase('applying');
  const folder = join(stateDir, 'commits', grant.run);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const tree = join(folder, 'tree');
  try {
    const bundle = join(folder, 'change.bundle');
    const fetched = await fetchBundle(options, grant, bundle, signal);
    if (fetched !== undefined) return fetched;
    const { base, head } = submission;
    const imported = await clone.importBundle(bundle, { base, head, signal });
    if (imported.status === 'damaged') {
      return { kind: 'bounced', reason: 'bundle_damaged', detail: imported.detail.slice(0, 8_192) };
    }
    const applied = await clone.apply({ tip, base, head, dir: tree, signal });
    if (applied.status === 'empty') {
      return { kind: 'bounced', reason: 'empty', detail: 'the lane holds this change already' };
    }
    if (applied.status === 'conflict') {
      return { kind: 'bounced', reason: 'conflict', detail: applied.detail.slice(0, 8_192) };
    }
    const evidence = await runGates(options, held, grant, tree, folder);
    if (evidence.some(({ status }) => status === 'red')) {
      const red = evidence.filter(({ status }) => status === 'red');
      const detail = red
        .map(({ gate, tail }) => `${gate}\n${tail ?? ''}`)
        .join('\n\n')
        .slice(0, 8_192);
      return { kind: 'bounced', reason: 'gate', detail, evidence };
    }

    phase('committing');
    const message = commitMessage({
      title: grant.title,
      workerMessage: submission.message,
      trailers: { task: grant.task, run: submission.run, fence: grant.fence, agent: submission.agent },
    });
    const author = { name: submission.agent, email: `${submission.agent}@waggle.invalid` };
    const made = await clone.commitTree({ tree: applied.tree, parent: tip, message, author });
    const landed = await home.land({
      lane: lane.name,
      branch: lane.branch,
      fence: grant.fence,
      old: tip,
      new: made,
      from: clone.gitDir,
      signal,
    });
    if (landed.status === 'refused') return landed.fence > grant.fence ? undefined : 'moved';
    return {
      kind: 'committed',
      old: tip,
      new: made,
      commit: made,
      subject: subjectLine(message),
      found: false,
      evidence: evidence.map((one) => ({ ...one, commit: made })),
    };
  } finally {
    await clone
      .discard(tree)
      .catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'a tree was not removed'));
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchBundle(
  { swarm, project, agent }: CommitRunOptions,
  { submission }: CommitGrant,
  path: string,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  try {
    await getFile(createReader(swarm, project, agent), submission.bundle, path, signal);
    return undefined;
  } catch (error) {
    if (isWaggleError(error, 'file-absent'))
      return { kind: 'bounced', reason: 'bundle_missing', detail: error.message };
    if (isWaggleError(error, 'file-damaged'))
      return { kind: 'bounced', reason: 'bundle_damaged', detail: error.message };
    throw error;
  }
}

async function runGates(
  options: CommitRunOptions,
  held: HeldGrant,
  grant: CommitGrant,
  tree: string,
  folder: string,
): Promise<Evidence[]> {
  const { swarm, project, agent, environment, clock, log } = options;
  const all: Evidence[] = [];
  for (const gate of grant.gates) {
    held.follow(() => ({ phase: `gate ${gate.name}`, outputBytes: 0 }));
    const logFile = join(folder, `${gate.name}.log`);
    const { evidence } = await runGate(gate, {
      folder: tree,
      taskId: grant.task,
      run: grant.run,
      environment,
      logFile,
      clock,
      log,
      signal: held.signal,
    });
    // A green gate's tail says enough; of a red one everything is kept.
    if (evidence.status === 'green') all.push(evidence);
    else all.push({ ...evidence, log: await putFile(swarm, project, agent, logFile) });
  }
  return all;
}
