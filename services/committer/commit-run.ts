/**
 * One commit grant from beginning to report, whatever fails: the steps are tried again, the grant is given back, or
 * the submission is sent back.
 *
 * Invariants:
 * 1. While the bus is away the steps are tried again: nobody could be told anything.
 * 2. What fails at the lane's home, or here, gives the grant back (`drained`, which costs the task nothing) and puts
 *    the lane out of this committer's claims for a while.
 * 3. A submission that fails to be taken in, each time, from a home that answers before and after, is sent back as
 *    damaged: it would fail for ever and hold up its lane.
 */
import type { CommitGrant, Report } from '../../schemas/index.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import { isTransient } from '../../shared/bus/board-client.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import type { RandomId } from '../../shared/random.ts';
import { type CommitOptions, commitInSteps, type Step } from './commit-steps.ts';
import type { LaneBook } from './lane-book.ts';
import { bounce, type Head, type Outcome } from './outcome.ts';

export interface CommitRunOptions extends CommitOptions {
  readonly book: Pick<LaneBook, 'trouble' | 'proved'>;
  readonly randomId: RandomId;
}

const BUS_RETRY_MS = 1_000;
/** Of anything but the bus: a rival's lock on a ref, say, is gone in a moment. */
const TRIES = 3;
const RETRY_MS = 100;

/** The report to send, or nothing when the right to report is gone. Never rejects. */
export async function runCommit(
  options: CommitRunOptions,
  held: HeldGrant,
  grant: CommitGrant,
): Promise<Report | undefined> {
  const { task, fence, run, lane } = grant;
  const head: Head = { v: 1, id: options.randomId(), task, fence, run, lane: lane.name };
  const outcome = await tryOn(options, held, grant);
  if (outcome === undefined) return undefined;
  if (!isGivenBack(outcome)) options.book.proved(lane.name, lane);
  return { ...head, ...outcome } as Report;
}

const isGivenBack = (outcome: Outcome): boolean => outcome.kind === 'bounced' && outcome.reason === 'drained';

async function tryOn(
  options: CommitRunOptions,
  held: HeldGrant,
  grant: CommitGrant,
): Promise<Outcome | undefined> {
  const { clock, log, onStep } = options;
  const { signal } = held;
  const names = { task: grant.task, fence: grant.fence, lane: grant.lane.name };
  let isTakingInAtFault = true;
  for (let failures = 0; ; ) {
    let last: Step | undefined;
    const behind = async (step: Step): Promise<void> => {
      last = step;
      await onStep?.(step, grant);
    };
    try {
      return await commitInSteps(options, held, grant, behind);
    } catch (error) {
      if (signal.reason === 'fenced') return undefined;
      if (signal.aborted) return bounce('drained', 'the committer is leaving');
      held.follow(() => ({ phase: phaseOf(error), outputBytes: 0 }));
      if (isBusAway(error)) {
        log.warn({ err: error, ...names }, 'the bus is away; trying again');
        await clock.sleep(BUS_RETRY_MS, signal).catch(() => undefined);
        continue;
      }
      failures += 1;
      isTakingInAtFault &&= last === 'looked' && isOfTheSubmission(error);
      if (failures < TRIES && mayPass(error)) {
        log.warn({ err: error, ...names }, 'the commit did not go through; trying again');
        await clock.sleep(RETRY_MS * 2 ** (failures - 1), signal).catch(() => undefined);
        continue;
      }
      if (failures >= TRIES && isTakingInAtFault && (await answers(options, grant, signal))) {
        log.error({ err: error, ...names }, 'the submission cannot be taken in');
        return bounce('bundle_damaged', `git could not apply it: ${messageOf(error)}`);
      }
      return giveBack(options, grant, error);
    }
  }
}

/** As much as a beat carries, on one line. */
const phaseOf = (error: unknown): string =>
  `in trouble: ${messageOf(error).replaceAll(/\s+/g, ' ').slice(0, 200)}`;

function giveBack({ book, desk, log }: CommitRunOptions, grant: CommitGrant, error: unknown): Outcome {
  const { lane, task, fence } = grant;
  const reason = messageOf(error);
  desk.forget(lane);
  // Its message names the grant: as a reason it would be news each time.
  const trouble = book.trouble(lane.name, lane, isWaggleError(error, 'fence-outrun') ? error.code : reason);
  log[trouble?.isNews === false ? 'warn' : 'error'](
    {
      err: error,
      task,
      fence,
      lane: lane.name,
      ...(trouble === undefined ? {} : { waitMs: trouble.waitMs }),
    },
    'the lane is in trouble; its submission was given back and the lane is left alone for a while',
  );
  return bounce('drained', reason);
}

const isBusAway = (error: unknown): boolean =>
  isWaggleError(error) && /^bus-|^no-responder$/.test(error.code) && isTransient(error);

/** Whether trying again in a moment may help: a wrong or busy home, and one that refuses pushes, stays so for longer. */
const mayPass = (error: unknown): boolean =>
  isWaggleError(error, 'git-failed') &&
  error.details['exitCode'] !== 'timeout' &&
  error.details['command'] !== 'push';

/** Git's complaint is about what it was given, and not about this machine. */
const isOfTheSubmission = (error: unknown): boolean =>
  isWaggleError(error, 'git-failed') && !machineTrouble.test(error.message);

const machineTrouble =
  /no space left|quota exceeded|too many open files|cannot allocate|out of memory|resource temporarily|input\/output error|read-only file system|permission denied|cannot (fork|run)/i;

async function answers(
  { desk }: CommitRunOptions,
  { lane }: CommitGrant,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { home } = await desk.hands(lane, signal);
    return (await home.tip(lane.branch, signal)) !== undefined;
  } catch {
    // Whatever it is, it is not the submission's fault; the error in hand is reported.
    return false;
  }
}
