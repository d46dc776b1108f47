/**
 * One term of the leader: `led` (PubAck) → serve → until it leaves in good order, the lead is lost, or another batch
 * stands where ours should. Everything here is made for the term and thrown away with it, the board first of all.
 *
 * Leaving in good order: nothing new is taken, what was heard is stored and answered, a last snapshot is written.
 * Losing the lead: nothing is answered any more; whoever waits asks the next leader.
 */
import type { Event } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/index.ts';
import { haltsOf } from '../../shared/board/halts.ts';
import { leadEvents } from '../../shared/board/lead.ts';
import { toImage } from '../../shared/board/snapshot.ts';
import type { Board } from '../../shared/board/state.ts';
import { encode } from '../../shared/bus/codec.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import { BatchStore } from './batch-store.ts';
import { notifyEnds, notifyHalts } from './end-notices.ts';
import { serveRequests } from './endpoints.ts';
import { hear } from './hearing.ts';
import type { BrokenInputs, Deciders } from './judge.ts';
import { learnNames } from './known-names.ts';
import { letLettersComeDue } from './letters-due.ts';
import { LifeSigns } from './life-signs.ts';
import { giveUpLostMails, takeMail } from './mail-intake.ts';
import { mailStart } from './mail-start.ts';
import { Postman } from './postman.ts';
import type { Refusals } from './refusals.ts';
import { Sightings } from './sightings.ts';
import { type SnapshotPolicy, Snapshotter, snapshotPolicy, type Taken } from './snapshotter.ts';
import type { Folded, Sources } from './survey.ts';
import { Writer } from './writer.ts';

export interface TermOptions {
  readonly sources: Sources;
  readonly identity: string;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
  readonly refusals: Refusals;
  readonly broken: BrokenInputs;
  readonly policy?: SnapshotPolicy;
  readonly deciders?: Deciders;
  readonly onLeading?: (term: number) => void;
}

/** How long leaving may take while the bus is away. */
const LEAVE_MS = 2_000;

/**
 * Leads on a board that is up to date, and changes it. Resolves when the signal has aborted and the term is wound up.
 * Errors: the journal's, `BoardBroken`.
 */
export async function leadTerm(
  options: TermOptions,
  folded: Folded,
  signal: AbortSignal,
  isHeld: () => boolean,
): Promise<void> {
  const { sources, identity, clock, randomId, log, refusals, broken, deciders } = options;
  const { core, swarm, project, journal, snapshots, ownMail } = sources;
  const { board, position } = folded;
  const subjects = subjectsOf(project);
  const streams = await createdTimes(sources);
  const told = await ownMail.lastOf(journal, folded.announced);
  const start = await mailStart(sources, folded, told);
  const reasons = [journalCopy(folded, streams, project), start.reason].filter(
    (reason) => reason !== undefined,
  );
  for (const reason of reasons) log.error({ reason }, 'a stream is not what the journal last saw');
  position.mail = start.mail;

  const over = new AbortController();
  const signs = new LifeSigns(clock);
  const sightings = new Sightings(clock);
  const startedAt = clock.now();
  const { maxPayloadBytes } = core.server();
  const postman = new Postman({
    swarm,
    project,
    clock,
    log,
    journal,
    ownMail,
    told,
    after: start.isNew === true ? position.seq : Math.max(folded.announced, (told?.journalSeq ?? 1) - 1),
    upTo: position.seq,
  });
  const snapshotter = new Snapshotter({
    snapshots,
    policy: options.policy ?? snapshotPolicy,
    from: folded.isSnapshotDue === true ? undefined : folded.snapshotSeq,
    folded: position.seq - (folded.snapshotSeq ?? 0),
    clock,
    log,
    take: (until) => takenBy(writer, until),
  });
  const store = new BatchStore({
    board,
    position,
    journal,
    randomId,
    maxPayloadBytes,
    streams,
    lastMail: () => postman.lastMail,
    onBatch: (batch, seq, bytes) => {
      postman.post(batch, seq);
      snapshotter.note(bytes);
      notifyEnds(swarm, project, batch.events);
      notifyHalts(swarm, project, haltsOf(board, batch.events));
    },
  });
  const writer = new Writer({
    board,
    position,
    store,
    signs,
    sightings,
    clock,
    log,
    maxPayloadBytes,
    isHeld,
    broken,
    ...(deciders === undefined ? {} : { deciders }),
  });

  const imageNow = (): Taken | undefined => {
    if (position.batch === undefined) return undefined;
    const { seq, batch, at, mail } = position;
    const standing = {
      journal_seq: seq,
      batch,
      at,
      mail_seq: mail.seq,
      ...(mail.at === undefined ? {} : { mail_at: mail.at }),
      ...(postman.lastMail === undefined ? {} : { last_mail: postman.lastMail }),
      streams: { ...streams },
      announced: Math.min(postman.announced, seq),
      genesis: board.genesis,
      format: board.format,
    };
    return { image: toImage(board), standing };
  };
  const takenBy = (from: Writer, until: AbortSignal) =>
    new Promise<Taken | undefined>((resolve) => {
      const give = () => resolve(undefined);
      until.addEventListener('abort', give, { once: true });
      from.query(() => {
        until.removeEventListener('abort', give);
        resolve(imageNow());
      });
    });

  const head = () => ({ term: board.term, journal_seq: position.seq, genesis: board.genesis });
  const announceTerm = () => {
    const notice = { v: 1 as const, kind: 'leader' as const, leader: identity, ...head() };
    const { payload, headers } = encode('LeaderNotice', notice);
    swarm.publish(subjects.leader, payload, headers);
  };
  const offStatus = swarm.onStatus((status) => {
    if (status === 'connected') {
      signs.listenAnew();
      sightings.listenAnew();
      hearing.prove();
    }
    if (status === 'connected' && endpoints !== undefined) announceTerm();
  });
  const hearing = hear({
    swarm,
    project,
    signs,
    sightings,
    refusals,
    onUsage: (input) => writer.usage(input),
    clock,
    log,
  });
  let endpoints: { stop(): Promise<void> } | undefined;
  const helpers: Promise<void>[] = [];
  const led = () => {
    const intake = { swarm, project, writer, sightings, refusals, log, clock, after: position.mail.seq };
    const reading = takeMail(intake, over.signal).catch((error: unknown) => {
      if (!over.signal.aborted) log.error({ err: error }, 'MAIL cannot be read');
      over.abort(error);
    });
    helpers.push(
      reading,
      giveUpLostMails(intake, over.signal),
      letLettersComeDue(intake, over.signal),
      learnNames({ swarm, project, sightings, clock, log }, over.signal),
      postman.run(over.signal),
      snapshotter.run(over.signal),
    );
    endpoints = serveRequests({
      swarm,
      project,
      writer,
      journal,
      signs,
      hearing,
      sightings,
      refusals,
      head,
      isHeld,
      context: () => ({
        journalSeq: position.seq,
        startedAt,
        waiting: writer.waitingCounts(),
        refused: refusals.counts(),
        mailSeq: writer.mailSeq(),
        ...(snapshotter.newest === undefined ? {} : { snapshotSeq: snapshotter.newest }),
      }),
    });
    hearing.prove();
    announceTerm();
    log.info({ term: board.term, seq: position.seq, tasks: board.tasks.size }, 'leading');
    const tell = () => options.onLeading?.(board.term);
    // Only then has the server heard of the subscriptions; without a connection they come with the next one.
    helpers.push(swarm.flush().then(tell, tell));
  };
  // Nothing is left unanswered: whoever was heard before the subscriptions ended gets a word, if the bus allows.
  const leave = async () => {
    await endpoints?.stop();
    writer.leave();
    await clock.sleep(LEAVE_MS, over.signal).catch(() => undefined);
    over.abort(signal.reason);
  };
  const onEnd = () => {
    if (isWaggleError(signal.reason, 'lead-lost')) over.abort(signal.reason);
    else helpers.push(leave());
  };
  signal.addEventListener('abort', onEnd, { once: true });
  if (signal.aborted) onEnd();
  try {
    const genesis = randomId(12);
    const first = leadEvents(board, { leader: identity, project, genesis });
    await writer.run([...first, ...continuations(board, reasons, start.mail.seq)], led, over.signal);
    if (!signal.aborted) throw over.signal.reason;
    const taken = isHeld() && !over.signal.aborted ? imageNow() : undefined;
    if (taken !== undefined) await snapshotter.leave(taken, over.signal);
  } finally {
    over.abort();
    signal.removeEventListener('abort', onEnd);
    offStatus();
    hearing.stop();
    await endpoints?.stop();
    await Promise.all(helpers);
  }
}

/** What differs, as events where the journal may hold them; a new journal has nothing to go on from. */
function continuations({ genesis, format }: Board, reasons: readonly string[], mailSeq: number): Event[] {
  if (genesis === '' || format < 2) return [];
  return reasons.map((reason) => ({
    type: 'continued',
    by: RESERVED_AGENT,
    reason: reason.slice(0, 1_000),
    mail_seq: mailSeq,
  }));
}

/** A journal that is whole and consistent with everything else, in a stream that is another one: it was restored. */
function journalCopy(
  { streams, position }: Folded,
  found: Readonly<Record<string, string>>,
  project: string,
): string | undefined {
  const stream = streamNames(project).journal;
  const [was, is] = [streams[stream], found[stream]];
  if (was === undefined || is === undefined || was === is) return undefined;
  return `JOURNAL was created anew at ${is}, it was of ${was}; all ${position.seq} batches are there: a copy`;
}

async function createdTimes({ core, swarm, project }: Sources): Promise<Record<string, string>> {
  const names = streamNames(project);
  const [journal, mail] = [await core.streams.info(names.journal), await swarm.streams.info(names.mail)];
  return {
    ...(journal === undefined ? {} : { [names.journal]: journal.created }),
    ...(mail === undefined ? {} : { [names.mail]: mail.created }),
  };
}
