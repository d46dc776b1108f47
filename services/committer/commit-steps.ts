/**
 * One commit grant, in the five steps of DESIGN 2.4: raise the fence ref, look for what stands there already, take
 * the change in and run the gates, make the commit, move branch and fence in one transaction.
 *
 * Invariants:
 * 1. No outcome is given before the fence ref is ours.
 * 2. `committed` is given only of what was read back from the lane's home.
 * 3. A later fence on the ref means that the right is gone: there is no outcome. Where the board says that it is not,
 *    the fence is none of this board's: the lane is in trouble.
 * 4. A wish that an operator had uttered before the branch moved is not overtaken by the move, as far as the board
 *    can be asked.
 */
import type { CommitGrant } from '../../schemas/index.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import { WaggleError } from '../../shared/errors.ts';
import { commitSubject } from '../../shared/git/commit-subject.ts';
import type { LaneHome } from '../../shared/git/home.ts';
import { commitMessage, subjectLine } from '../../shared/git/message.ts';
import type { FoundRun } from '../../shared/git/run-lookup.ts';
import { isLive, lastObjection, objection } from './board-word.ts';
import type { LaneDesk, LaneHands } from './lane-desk.ts';
import { bounce, type Commit, type Outcome } from './outcome.ts';
import { type TakeInOptions, takeIn as takeInWithGit } from './take-in.ts';

/** A step that is behind: the fence is ours, the branch was looked at, and so on. */
export type Step = 'fenced' | 'looked' | 'taken-in' | 'made' | 'landed';

/** What the steps do with git besides the lane's home; a simulation puts others in. */
export interface GitHands {
  readonly takeIn: typeof takeInWithGit;
  readonly subjectOf: typeof commitSubject;
}

const realHands: GitHands = { takeIn: takeInWithGit, subjectOf: commitSubject };

export interface CommitOptions extends TakeInOptions {
  readonly git?: GitHands;
  readonly desk: Pick<LaneDesk, 'hands' | 'forget'>;
  /** Told of each step that is behind, and waited for: where tests stop or kill a committer. */
  readonly onStep?: ((step: Step, grant: CommitGrant) => void | Promise<void>) | undefined;
}

/** How often the branch may move under our hands before the grant is given back. */
const LOOKS = 5;

/**
 * Undefined: somebody with a later fence is at work, this grant has ended. Errors: `fence-outrun` when it has not, so
 * that the fence is of another board; those of git and of the bus.
 */
export async function commitInSteps(
  options: CommitOptions,
  held: HeldGrant,
  grant: CommitGrant,
  behind: (step: Step) => Promise<void>,
): Promise<Outcome | undefined> {
  const { desk, log } = options;
  const { signal } = held;
  held.follow(() => ({ phase: 'fencing', outputBytes: 0 }));
  const hands = await desk.hands(grant.lane, signal);
  const { home } = hands;
  const { branch, name } = grant.lane;
  const fenced = await home.raiseFence(name, grant.fence, signal);
  if (fenced.status === 'outrun') {
    log.warn({ task: grant.task, fence: grant.fence, by: fenced.by }, 'a later fence stands on the lane');
    if (!(await isLive(options, grant, signal))) return undefined;
    const details = { lane: name, by: fenced.by, home: grant.lane.home, fence: grant.fence };
    throw new WaggleError('fence-outrun', details);
  }
  await behind('fenced');
  for (let look = 1; look <= LOOKS; look += 1) {
    const outcome = await lookAndLand(options, held, grant, hands, behind);
    if (outcome !== 'moved') return outcome;
  }
  const tip = await home.tip(branch, signal);
  return bounce('drained', `${branch} kept moving; last at ${tip ?? '?'}`);
}

async function lookAndLand(
  options: CommitOptions,
  held: HeldGrant,
  grant: CommitGrant,
  hands: LaneHands,
  behind: (step: Step) => Promise<void>,
): Promise<Outcome | 'moved' | undefined> {
  const { log, git = realHands } = options;
  const { home, clone } = hands;
  const { signal } = held;
  const { lane, submission } = grant;
  const phase = (name: string) => held.follow(() => ({ phase: name, outputBytes: 0 }));

  phase('looking');
  const tip =
    (await home.tip(lane.branch, signal)) ??
    (await home.open({ branch: lane.branch, base: lane.base, signal }));
  const found = await home.findRun(lane.branch, { run: submission.run, base: submission.base, signal });
  await behind('looked');
  if (found !== undefined) {
    log.info({ task: grant.task, commit: found.commit }, 'the change stands in the branch already');
    return foundCommit(git, home, grant, found, signal);
  }
  if (lane.tip !== undefined && tip !== lane.tip) {
    const detail = `${lane.branch} was expected at ${lane.tip} and stands at ${tip}`;
    return { ...bounce('lane_moved', detail), found: tip };
  }
  const no = await objection(options, grant, signal);
  if (no !== undefined) return bounce(no.reason, no.detail);

  phase('applying');
  const taken = await git.takeIn(options, held, grant, { clone, tip });
  await behind('taken-in');
  if (taken.status === 'bounced') return taken.bounce;

  phase('committing');
  const message = commitMessage({
    title: grant.title,
    workerMessage: submission.message,
    trailers: { task: grant.task, run: submission.run, fence: grant.fence, agent: submission.agent },
  });
  const author = { name: submission.agent, email: `${submission.agent}@waggle.invalid` };
  const made = await clone.commitTree({ tree: taken.tree, parent: tip, message, author });
  await behind('made');
  const late = await lastObjection(options, grant, signal);
  if (late !== undefined) return bounce(late.reason, late.detail);
  const { name, branch } = lane;
  const landing = { lane: name, branch, fence: grant.fence, old: tip, new: made, from: clone.gitDir, signal };
  const landed = await home.land(landing);
  if (landed.status === 'refused') {
    const { fence, tip: now } = landed;
    log.warn({ task: grant.task, fence: grant.fence, by: fence, tip: now }, 'the move was refused');
    return fence > grant.fence ? undefined : 'moved';
  }
  await behind('landed');
  return {
    kind: 'committed',
    old: tip,
    new: made,
    commit: made,
    subject: subjectLine(message),
    found: false,
    evidence: taken.evidence.map((one) => ({ ...one, commit: made })),
  };
}

/**
 * What stands there. Usually it follows the tip that the board knows; where somebody has rewritten the branch since
 * (or built on it), the task is told of and the board's tip stays: the next commit finds out that the lane was moved.
 */
async function foundCommit(
  { subjectOf }: GitHands,
  { gitDir }: LaneHome,
  { lane }: CommitGrant,
  { commit, parent }: FoundRun,
  signal: AbortSignal,
): Promise<Commit> {
  const subject = await subjectOf({ gitDir, signal }, commit);
  const tip = lane.tip ?? parent ?? commit;
  const moved = parent === tip ? { old: tip, new: commit } : { old: tip, new: tip };
  return { kind: 'committed', ...moved, commit, subject, found: true };
}
