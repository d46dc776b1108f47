/**
 * The orchestrator: owns the board of a project, as one of several. Connects, ensures the streams, serves reads all the
 * time, keeps a board warm, campaigns for the lead, and leads a term whenever it has won (`term.ts`).
 *
 * 1. Who may not lead on this journal (`survey.ts`) does not campaign, and gives the lead up where it notices later: it
 *    would keep it from one that may. It says so once, stays as a standby, and looks again every few seconds.
 * 2. A lost term leaves nothing behind: the next one begins with what the journal says.
 */

import { campaign } from '../../shared/bus/election.ts';
import { openJournal } from '../../shared/bus/journal.ts';
import { ELECTION_LEASE_MS } from '../../shared/bus/leadership.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { openSnapshots } from '../../shared/bus/snapshots.ts';
import { ensureTopology, streamNames, type TopologyLimits } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf, WaggleError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import { acceptLoss } from './accept-loss.ts';
import { BrokenInputs, type Deciders } from './judge.ts';
import { openOwnMail } from './own-mail.ts';
import { serveReads } from './read-service.ts';
import { Refusals } from './refusals.ts';
import type { SnapshotPolicy } from './snapshotter.ts';
import { Standby } from './standby.ts';
import { isUnfit, type Sources } from './survey.ts';
import { leadTerm } from './term.ts';

export interface OrchestratorOptions {
  readonly core: Bus;
  readonly swarm: Bus;
  readonly project: string;
  /** Unique to this process: `<host>-<pid>-<random>`. */
  readonly identity: string;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
  readonly limits?: TopologyLimits;
  /** Called when a term has begun and requests are served. */
  readonly onLeading?: (term: number) => void;
  /** Called each time this process finds that it may not lead, with why. */
  readonly onUnfit?: (why: WaggleError) => void;
  /** An operator's word: a journal that is not whole is gone on from, once. */
  readonly acceptJournalLoss?: boolean;
  /** How long the lead of a dead leader lasts. Default: `ELECTION_LEASE_MS`. */
  readonly electionLeaseMs?: number;
  readonly snapshotPolicy?: SnapshotPolicy;
  /** Tests put others in. */
  readonly elect?: typeof campaign;
  readonly deciders?: Deciders;
}

const RETRY_MS = 500;
/** How often who may not lead looks again. */
const UNFIT_RETRY_MS = 3_000;

/** Runs until the signal aborts; what is in hand then is stored and answered first. */
export async function runOrchestrator(options: OrchestratorOptions, signal: AbortSignal): Promise<void> {
  const { swarm, project, clock, log } = options;
  const refusals = new Refusals(log);
  await ensure(options, signal);
  const offStatus = keepTopology(options, signal);
  const reads = serveReads({ swarm, project, clock, log, refusals });
  try {
    await seat(options, refusals, signal);
  } finally {
    offStatus();
    await reads.stop();
  }
}

/** Stands by and leads until the signal aborts. */
async function seat(options: OrchestratorOptions, refusals: Refusals, signal: AbortSignal): Promise<void> {
  const { core, swarm, project, clock, randomId, log } = options;
  const sources: Sources = {
    core,
    swarm,
    project,
    log,
    journal: openJournal(core, project, clock),
    snapshots: openSnapshots(core, project, randomId),
    ownMail: openOwnMail(swarm, project),
  };
  const tenure = {
    options,
    sources,
    refusals,
    broken: new BrokenInputs(),
    word: options.acceptJournalLoss === true,
  };
  let said: string | undefined;
  while (!signal.aborted) {
    try {
      await stand(tenure, signal);
    } catch (error) {
      if (signal.aborted) break;
      if (isWaggleError(error, 'bus-closed') && error.details['reason'] === 'closed') throw error;
      const isNews = messageOf(error) !== said;
      said = messageOf(error);
      if (isUnfit(error)) {
        if (isNews) log.error({ code: error.code, reason: said }, 'this orchestrator does not lead');
        options.onUnfit?.(error);
      } else if (isNews) {
        log.error({ err: error }, 'standing by failed; beginning anew');
      }
      await clock.sleep(isUnfit(error) ? UNFIT_RETRY_MS : RETRY_MS, signal).catch(() => undefined);
    }
  }
}

interface Tenure {
  readonly options: OrchestratorOptions;
  readonly sources: Sources;
  readonly refusals: Refusals;
  readonly broken: BrokenInputs;
  /** An operator's word that was not used yet. */
  word: boolean;
}

/** Campaigns as long as this process may lead. Errors: why it may not. */
async function stand(tenure: Tenure, signal: AbortSignal): Promise<void> {
  const { options, sources } = tenure;
  const { core, swarm, project, identity, clock, randomId, log, elect = campaign } = options;
  const standby = new Standby(sources);
  try {
    await standby.refresh();
    // The journal is whole: what happens to it later is another loss.
    tenure.word = false;
  } catch (error) {
    if (!isUnfit(error) || !tenure.word) throw error;
  }
  const end = new AbortController();
  const following = standby.follow(clock, AbortSignal.any([signal, end.signal])).catch((error: unknown) => {
    if (!isUnfit(error) || !tenure.word) end.abort(error);
  });
  const lead = async (term: AbortSignal, isHeld: () => boolean) => {
    try {
      await leadOnce(tenure, standby, term, isHeld);
    } finally {
      standby.giveBack();
    }
  };
  try {
    await elect(
      {
        core,
        project,
        role: 'orchestrator',
        identity,
        leaseMs: () => options.electionLeaseMs ?? ELECTION_LEASE_MS,
        clock,
        randomId,
        log,
        needs: [swarm],
        isFatal: isUnfit,
      },
      lead,
      AbortSignal.any([signal, end.signal]),
    );
    if (end.signal.aborted) throw end.signal.reason;
  } finally {
    end.abort();
    await following;
  }
}

/** A term on the newest board. Errors: why this process may not lead, and those of the term. */
async function leadOnce(
  tenure: Tenure,
  standby: Standby,
  signal: AbortSignal,
  isHeld: () => boolean,
): Promise<void> {
  const { options, sources, refusals, broken } = tenure;
  await mend(tenure);
  const { identity, clock, randomId, log, onLeading, deciders, snapshotPolicy: policy } = options;
  const folded = await standby.take().catch(async (error: unknown) => {
    if (!isUnfit(error) || !tenure.word) throw error;
    tenure.word = false;
    await acceptLoss({ sources, clock, randomId, problem: error }, signal);
    return await standby.take();
  });
  if (signal.aborted || !isHeld()) return;
  const term = {
    sources,
    identity,
    clock,
    randomId,
    log,
    refusals,
    broken,
    ...(policy === undefined ? {} : { policy }),
    ...(deciders === undefined ? {} : { deciders }),
    ...(onLeading === undefined ? {} : { onLeading }),
  };
  await leadTerm(term, folded, signal, isHeld);
}

/** Retries until the streams are there: the bus may still be starting. */
async function ensure(options: OrchestratorOptions, signal: AbortSignal): Promise<void> {
  const { clock, log } = options;
  while (!signal.aborted) {
    try {
      await ensureOnce(options);
      return;
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'the streams cannot be ensured yet');
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }
}

/**
 * A stream deleted while the bus was up ended the term before this one, and would end this one too. Only the journal is
 * not made again without an operator's word: a new one, of which nothing else tells, would be a new project's.
 */
async function mend({ options, word }: Tenure): Promise<void> {
  const stream = streamNames(options.project).journal;
  if (!word && (await options.core.streams.info(stream)) === undefined) {
    throw new WaggleError('journal-lost', { what: `the stream ${stream} was deleted`, rest: 'what is left' });
  }
  await ensureOnce(options);
}

async function ensureOnce({ core, swarm, project, log, limits }: OrchestratorOptions): Promise<void> {
  const touched = await ensureTopology({ core, swarm }, project, limits);
  if (touched.length > 0) log.info({ touched }, 'streams ensured');
}

/** BEAT is in memory and gone after a bus restart, so every connect ensures anew. */
function keepTopology(options: OrchestratorOptions, signal: AbortSignal): () => void {
  const { core, swarm } = options;
  let running: Promise<void> = Promise.resolve();
  const onConnect = (status: string) => {
    if (status === 'connected' && !signal.aborted) running = running.then(() => ensure(options, signal));
  };
  const offs = [core.onStatus(onConnect), swarm.onStatus(onConnect)];
  return () => {
    for (const off of offs) off();
  };
}
