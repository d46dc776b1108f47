/**
 * The orchestrator: owns the board of a project. Connects, ensures the streams, folds the journal, leads a
 * term, and begins anew when it loses the journal.
 *
 * A term is: fold → `led` (PubAck) → serve → until drained, or until another batch stands where ours should.
 * The read service runs all the time, leading or not.
 */

import { LEAVING } from '../../shared/agent/heartbeat.ts';
import { evolveBatch } from '../../shared/board/evolve.ts';
import { leadEvents } from '../../shared/board/lead.ts';
import { createBoard } from '../../shared/board/state.ts';
import { encode, tryDecode } from '../../shared/bus/codec.ts';
import { openJournal } from '../../shared/bus/journal.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { senderOf, subjectsOf } from '../../shared/bus/subjects.ts';
import { ensureTopology, streamNames, type TopologyLimits } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import { BatchStore, type Position } from './batch-store.ts';
import { notifyEnds } from './end-notices.ts';
import { serveRequests } from './endpoints.ts';
import { LifeSigns } from './life-signs.ts';
import { takeMail } from './mail-intake.ts';
import { Postman } from './postman.ts';
import { serveReads } from './read-service.ts';
import { Refusals } from './refusals.ts';
import { Writer } from './writer.ts';

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
}

const RETRY_MS = 500;
/** How long leaving may take while the bus is away. */
const LEAVE_MS = 2_000;

/** Runs until the signal aborts; what is in hand then is stored and answered first. */
export async function runOrchestrator(options: OrchestratorOptions, signal: AbortSignal): Promise<void> {
  const { swarm, project, clock, log } = options;
  const refusals = new Refusals(log);
  await ensure(options, signal);
  const offStatus = keepTopology(options, signal);
  const reads = serveReads({ swarm, project, clock, log, refusals });
  try {
    while (!signal.aborted) {
      try {
        await leadTerm(options, refusals, signal);
      } catch (error) {
        if (signal.aborted) break;
        if (isWaggleError(error, 'journal-unreadable')) throw error;
        log.error({ err: error }, 'the term ended; folding the journal anew');
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  } finally {
    offStatus();
    await reads.stop();
  }
}

/** Retries until the streams are there: the bus may still be starting. */
async function ensure(options: OrchestratorOptions, signal: AbortSignal): Promise<void> {
  const { core, swarm, project, clock, log, limits } = options;
  while (!signal.aborted) {
    try {
      const touched = await ensureTopology({ core, swarm }, project, limits);
      if (touched.length > 0) log.info({ touched }, 'streams ensured');
      return;
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'the streams cannot be ensured yet');
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }
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

async function leadTerm(options: OrchestratorOptions, refusals: Refusals, outer: AbortSignal): Promise<void> {
  const { core, swarm, project, clock, log, randomId, identity } = options;
  const names = streamNames(project);
  const subjects = subjectsOf(project);
  const journal = openJournal(core, project, clock);
  const board = createBoard();
  const position: Position = { seq: 0, batch: undefined, at: 0, mailSeq: 0 };
  const postman = new Postman({ swarm, project, clock, log });
  const sent = await postman.lastSent(journal);
  position.seq = await journal.fold((batch, seq) => {
    evolveBatch(board, batch);
    position.batch = batch.id;
    position.at = batch.at;
    position.mailSeq = batch.mail_seq;
    if (sent === undefined || seq >= sent.journalSeq) postman.post(batch, seq);
  });

  const over = new AbortController();
  const { signal } = over;
  const signs = new LifeSigns(clock);
  const startedAt = clock.now();
  const { maxPayloadBytes } = core.server();
  const store = new BatchStore({
    board,
    position,
    journal,
    randomId,
    maxPayloadBytes,
    streams: await createdTimes(options, [names.journal], [names.mail]),
    lastMail: () => postman.lastMail,
    onBatch: (batch, seq) => {
      postman.post(batch, seq);
      notifyEnds(swarm, project, batch.events);
    },
  });
  const writer = new Writer({ board, position, store, signs, clock, log, maxPayloadBytes });
  const head = () => ({ term: board.term, journal_seq: position.seq, genesis: board.genesis });
  const announceTerm = () => {
    const { payload, headers } = encode('LeaderNotice', {
      v: 1,
      kind: 'leader',
      leader: identity,
      ...head(),
    });
    swarm.publish(subjects.leader, payload, headers);
  };
  const offStatus = swarm.onStatus((status) => {
    if (status === 'connected' && endpoints !== undefined) announceTerm();
  });
  const beats = watchBeats(swarm, subjects.beat('*'), signs, refusals);
  let endpoints: { stop(): Promise<void> } | undefined;
  const helpers: Promise<void>[] = [];
  const led = () => {
    helpers.push(
      postman.run(sent, signal),
      takeMail({ swarm, project, writer, refusals, log, after: position.mailSeq }, signal).catch(
        (error: unknown) => {
          if (!signal.aborted) log.error({ err: error }, 'MAIL cannot be read');
          over.abort(error);
        },
      ),
    );
    endpoints = serveRequests({
      swarm,
      project,
      writer,
      journal,
      signs,
      refusals,
      head,
      context: () => ({
        journalSeq: position.seq,
        startedAt,
        waiting: writer.waitingCounts(),
        refused: refusals.counts(),
        mailSeq: writer.mailSeq(),
      }),
    });
    announceTerm();
    log.info({ term: board.term, seq: position.seq, tasks: board.tasks.size }, 'leading');
    const tell = () => options.onLeading?.(board.term);
    // Only then has the server heard of the subscriptions; without a connection they come with the next one.
    helpers.push(swarm.flush().then(tell, tell));
  };
  // Nothing is left unanswered: whoever was heard before the subscriptions ended gets a word, if the bus allows.
  const onOuter = async () => {
    await endpoints?.stop();
    writer.leave();
    await clock.sleep(LEAVE_MS, signal).catch(() => undefined);
    over.abort(outer.reason);
  };
  const leaving = () => helpers.push(onOuter());
  outer.addEventListener('abort', leaving);
  if (outer.aborted) leaving();
  try {
    const genesis = randomId(12);
    await writer.run(leadEvents(board, { leader: identity, project, genesis }), led, signal);
    if (!outer.aborted) throw signal.reason;
  } finally {
    over.abort();
    outer.removeEventListener('abort', leaving);
    offStatus();
    beats.stop();
    await endpoints?.stop();
    await Promise.all(helpers);
  }
}

async function createdTimes(
  { core, swarm }: OrchestratorOptions,
  coreNames: readonly string[],
  swarmNames: readonly string[],
): Promise<Record<string, string>> {
  const times: Record<string, string> = {};
  for (const [bus, names] of [[core, coreNames] as const, [swarm, swarmNames] as const]) {
    for (const name of names) {
      const info = await bus.streams.info(name);
      if (info !== undefined) times[name] = info.created;
    }
  }
  return times;
}

function watchBeats(swarm: Bus, subject: string, signs: LifeSigns, refusals: Refusals): { stop(): void } {
  const subscription = swarm.subscribe(subject);
  const pump = async () => {
    for await (const delivery of subscription) {
      const from = senderOf(delivery.subject);
      const decoded = tryDecode('Beat', delivery);
      if (from === undefined || !decoded.ok) {
        refusals.count('beat', from ?? 'nobody', decoded.ok ? 'the subject names no agent' : decoded.fault);
      } else if (decoded.value.state === LEAVING) {
        signs.gone(from, decoded.value.incarnation);
      } else {
        signs.seen(from, decoded.value.incarnation);
      }
    }
  };
  void pump();
  return { stop: () => subscription.close() };
}
