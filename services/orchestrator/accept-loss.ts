/**
 * An operator's word that a journal which is not whole is to be gone on from (`--accept-journal-loss`): once, by who
 * holds the lead. What can still be read is kept as a snapshot, the journal begins anew behind it.
 *
 * 1. The board is the newest that can be had: the newest verified snapshot and what of the journal follows on it; or
 *    the journal's own beginning, where that reaches further or is of another genesis; else a new one.
 * 2. Nothing is emptied before a verified snapshot holds that board: dying in between loses nothing, and the same word
 *    given again goes on.
 * 3. The new journal begins past every sequence that was ever spoken of, so nothing that names one of the old journal
 *    can be taken for one of the new; its first batch names the snapshot's batch as the one before it. So do its terms:
 *    agents that heard the old ones must hear the next leader, be it only that it refuses those of another genesis.
 */
import type { Batch, Event } from '../../schemas/index.ts';
import { FORMAT } from '../../shared/board/format.ts';
import { fenceBeyond, termBeyond } from '../../shared/board/lost-fences.ts';
import { partsOf, toImage } from '../../shared/board/snapshot.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, type WaggleError } from '../../shared/errors.ts';
import type { RandomId } from '../../shared/random.ts';
import { catchUp, type Folded, fresh, type Sources, verified } from './survey.ts';

export interface LossOptions {
  readonly sources: Sources;
  readonly clock: Clock;
  readonly randomId: RandomId;
  /** What is wrong with the journal. */
  readonly problem: WaggleError;
}

const OPERATOR = 'operator';

/** Begins the journal anew. Errors: `journal-newer` (no word helps against that), those of the port. */
export async function acceptLoss(options: LossOptions, signal: AbortSignal): Promise<void> {
  const { sources, problem, randomId } = options;
  const { core, project, snapshots, journal, ownMail, log } = sources;
  if (problem.code === 'journal-newer') throw problem;
  const stream = streamNames(project).journal;
  const end = (await core.streams.info(stream))?.lastSeq ?? 0;
  const { manifests } = await snapshots.list();
  const reached = [end, await ownMail.reach(), ...manifests.map(({ journal_seq }) => journal_seq)];
  const next = Math.max(...reached) + 1;

  const kept = await readable(sources, () => newestSnapshot(sources));
  const own = await readable(sources, async () => fresh());
  const isOwnBetter =
    own !== undefined &&
    own.board.genesis !== '' &&
    (kept === undefined || kept.board.genesis !== own.board.genesis || own.position.seq >= kept.position.seq);
  const best = isOwnBetter ? own : kept;
  if (best === undefined || isOwnBetter) await snapshots.forget();
  if (best !== undefined && (isOwnBetter || best.position.seq !== best.snapshotSeq))
    await keep(sources, best, signal);
  signal.throwIfAborted();
  const batch = await firstBatch(options, best);
  log.warn({ problem: problem.message, from: best?.position.seq ?? 0, next }, 'the journal begins anew');
  await journal.begin(batch, next);

  async function firstBatch({ clock }: LossOptions, from: Folded | undefined): Promise<Batch> {
    const created = (await core.streams.info(stream))?.created;
    const mail = from === undefined ? await endOfMail(sources) : from.position.mail;
    const events = from === undefined ? genesis(project, randomId) : [];
    const format = from === undefined ? FORMAT : from.board.format;
    const reason = problem.message.slice(0, 1_000);
    const next_fence = fenceBeyond(
      from?.board ?? fenceless,
      clock.now() - (from?.position.at ?? clock.now()),
    );
    // Also what was not gone on from may have been heard.
    const terms = [kept, own].flatMap((one) =>
      one === undefined || one.board.term === 0 ? [] : [termBeyond(one.board, clock.now() - one.position.at)],
    );
    const term = terms.length > 0 ? Math.max(...terms) : termBeyond(termless, clock.now());
    const led: Event = { type: 'led', leader: OPERATOR, term };
    const continued: Event = { type: 'continued', by: OPERATOR, reason, mail_seq: mail.seq, next_fence };
    const isNamed = format >= 2;
    return {
      v: 1,
      id: randomId(),
      ...(from?.position.batch === undefined ? {} : { predecessor: from.position.batch }),
      term,
      at: Math.max(clock.now(), from?.position.at ?? 0),
      mail_seq: mail.seq,
      ...(isNamed && mail.at !== undefined ? { mail_at: mail.at } : {}),
      streams: { ...from?.streams, ...(created === undefined ? {} : { [stream]: created }) },
      events: [...events, led, ...(isNamed ? [continued] : [])],
    };
  }
}

/** Of a journal of which nothing is known: the fence refs of its lanes may stand at any number. */
const fenceless = { nextFence: 1 };
/** Nor is known how often it was led, or gone on from, before: then all time is lost time. */
const termless = { term: 0 };

const genesis = (project: string, randomId: RandomId): Event[] => [
  { type: 'genesis', genesis: randomId(12), project },
  { type: 'format', format: FORMAT, by: OPERATOR },
];

/** What stands in MAIL belongs to the old genesis. */
async function endOfMail({ swarm, project }: Sources): Promise<{ seq: number; at?: number }> {
  const stream = streamNames(project).mail;
  const seq = (await swarm.streams.info(stream))?.lastSeq ?? 0;
  const last = await swarm.streams.get(stream, { seq });
  return { seq, ...(last === undefined ? {} : { at: last.at }) };
}

/** The newest snapshot that verifies. */
async function newestSnapshot(sources: Sources): Promise<Folded | undefined> {
  const { manifests } = await sources.snapshots.list();
  for (const manifest of manifests) {
    const folded = await verified(sources, manifest);
    if (folded !== undefined) return folded;
  }
  return undefined;
}

/** A board, and what of the journal follows on it as far as that can be read. */
async function readable(
  sources: Sources,
  start: () => Promise<Folded | undefined>,
): Promise<Folded | undefined> {
  const first = await start();
  if (first === undefined || (await reads(sources, first))) return first;
  // A batch that does not fit is applied by half: once more, without it.
  const again = await start();
  if (again !== undefined) await reads(sources, again, first.position.seq);
  return again;
}

/** False when the journal cannot be read to its end. */
async function reads(sources: Sources, folded: Folded, upTo?: number): Promise<boolean> {
  try {
    await catchUp(sources, folded, upTo);
    return true;
  } catch (error) {
    if (isWaggleError(error, 'journal-lost')) return true;
    if (isWaggleError(error, 'journal-unreadable')) return false;
    throw error;
  }
}

/** A snapshot of a board that no other one holds. */
async function keep({ snapshots }: Sources, from: Folded, signal: AbortSignal): Promise<void> {
  const { board, position, streams, announced } = from;
  if (position.batch === undefined) return;
  const standing = {
    journal_seq: position.seq,
    batch: position.batch,
    at: position.at,
    mail_seq: position.mail.seq,
    ...(position.mail.at === undefined ? {} : { mail_at: position.mail.at }),
    streams: { ...streams },
    announced,
    genesis: board.genesis,
    format: board.format,
  };
  await snapshots.write(partsOf(toImage(board)), standing, signal);
}
