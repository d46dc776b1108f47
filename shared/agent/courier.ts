/**
 * Brings the outbox's reports to the orchestrator, as mail or with a claim; what a report names is stored in FILES
 * first. Owns retrying; the outbox owns keeping.
 *
 * 1. One delivery at a time: the background one, for what a run tells while it goes on, yields to every other.
 *    However often a run tells how it gets on, the board hears of it no oftener than once a second in the long run.
 * 2. By mail nobody says what became of a report, so a report of work that may come too late follows its rescue: of
 *    a live grant that is one more checkpoint, of an ended one it keeps the work.
 * 3. A report that ends a grant and finds no room on the disk waits for it, with the grant in hand: an agent that went
 *    on without it would lose one task after another, at once.
 */
import type { FileRef, Report, ReportAnswer } from '../../schemas/index.ts';
import { isTransient } from '../bus/board-client.ts';
import { describeFile, putFile } from '../bus/files.ts';
import type { Bus } from '../bus/port.ts';
import type { Clock } from '../clock.ts';
import { type ErrorCode, isWaggleError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { aboutGrant, type Mailed, type Outbox, type Outgoing } from './outbox.ts';
import { ReportMail } from './report-mail.ts';

const RETRY_MS = 250;
/** How often a disk that takes nothing is tried again. */
const DISK_RETRY_MS = 1_000;
/** Words of progress: so many at once, then one in that time. */
const WORDS_AT_ONCE = 20;
const WORD_EVERY_MS = 1_000;
/** No time mends these: the report itself is at fault. */
const hopeless: readonly ErrorCode[] = ['message-too-large', 'message-invalid'];

/** Where the files lie that reports name. */
export interface FileSource {
  readonly describe: typeof describeFile;
  readonly put: typeof putFile;
}

const onDisk: FileSource = { describe: describeFile, put: putFile };

export interface CourierOptions {
  readonly outbox: Outbox;
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: on the disk. */
  readonly files?: FileSource;
}

export class Courier {
  readonly #options: CourierOptions;
  readonly #outbox: Outbox;
  readonly #mails: ReportMail;
  readonly #stored = new Set<string>();
  readonly #closed = new AbortController();
  /** Monotonic: how far the words of progress that were told have used up the time for them. */
  #wordsUntil = Number.NEGATIVE_INFINITY;
  #last: Promise<unknown> = Promise.resolve();
  #background: { readonly end: AbortController; readonly done: Promise<void> } | undefined;

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#outbox = options.outbox;
    this.#mails = new ReportMail({ ...options, left: this.#outbox.pending().map(({ report }) => report.id) });
  }

  /**
   * Puts a report, and the file it names, where nothing short of losing the disk loses it. One that ends a grant waits
   * for a disk that takes nothing, until `giveUp` aborts. Errors: the file system's.
   */
  async keep(outgoing: Outgoing, giveUp?: AbortSignal): Promise<void> {
    if (endsNothing(outgoing.report)) {
      await this.#outbox.put(outgoing);
      this.#mailInTheBackground();
      return;
    }
    const signal =
      giveUp === undefined ? this.#closed.signal : AbortSignal.any([giveUp, this.#closed.signal]);
    await this.#putWhenThereIsRoom(outgoing, signal);
  }

  async #putWhenThereIsRoom(outgoing: Outgoing, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const { kind, id } = outgoing.report;
    for (let isNews = true; ; isNews = false) {
      try {
        await this.#outbox.put(outgoing);
        if (!isNews) log.info({ kind, report: id }, 'the disk takes reports again');
        return;
      } catch (error) {
        if (!isDiskFault(error) || signal.aborted) throw error;
        const fields = { kind, report: id, fault: messageOf(error), ...aboutGrant(outgoing.report) };
        if (isNews) log.error(fields, 'the disk takes no report: nothing is claimed until it does');
        await clock.sleep(DISK_RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  /** Whether a report that ends this grant has not been delivered yet. */
  isReporting(fence: number): boolean {
    return this.#outbox
      .pending()
      .some(({ report }) => 'fence' in report && report.fence === fence && !endsNothing(report));
  }

  /**
   * The report that a claim should carry, its file stored: the only one there is; several go by mail, in order.
   * Rejects with the signal's reason when it aborts.
   */
  async forClaim(signal: AbortSignal): Promise<Report | undefined> {
    await this.#yieldBackground();
    return this.#exclusive(async () => {
      const [only, ...more] = this.#outbox.pending();
      if (only === undefined || more.length > 0) return undefined;
      return (await this.#store(only, signal)) ? only.report : undefined;
    });
  }

  /** The board answered a report. One that came too late leaves its work behind, as a checkpoint of the ended grant. */
  async answered(answer: ReportAnswer): Promise<void> {
    const outgoing = this.#outbox.pending().find(({ report }) => report.id === answer.id);
    if (answer.status === 'refused') {
      const { code, message } = answer;
      const kind = outgoing?.report.kind;
      this.#options.log.warn({ report: answer.id, kind, code, reason: message }, 'the report was refused');
      if (outgoing?.rescue !== undefined) {
        const { rescue, bundle } = outgoing;
        await this.#outbox.put({ report: rescue, ...(bundle === undefined ? {} : { bundle }) });
      } else if (outgoing?.bundle !== undefined) {
        await this.#outbox.setAside(answer.id, message ?? 'refused');
        return;
      }
    }
    this.#mails.forget(answer.id);
    await this.#outbox.remove(answer.id);
  }

  /** Mails everything that is pending, oldest first, until MAIL has it or the signal aborts. */
  async flush(signal: AbortSignal): Promise<void> {
    await this.#yieldBackground();
    await this.#exclusive(async () => {
      for (const { report } of this.#outbox.pending()) await this.#deliver(report.id, signal);
    });
  }

  /** Ends what goes on in the background; the outbox keeps what is unsent. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#yieldBackground();
  }

  #mailInTheBackground(): void {
    if (this.#closed.signal.aborted || this.#background !== undefined) return;
    const end = new AbortController();
    const work = async () => {
      for (;;) {
        const due = this.#outbox.pending().filter(({ report }) => endsNothing(report));
        const next = due.find(({ report }) => report.kind === 'checkpoint') ?? due[0];
        if (next === undefined) return;
        const { report } = next;
        if (report.kind === 'progress') await this.#mayTell(end.signal);
        // Meanwhile newer words may have taken its place.
        await this.#deliver(report.id, end.signal);
      }
    };
    const done = this.#exclusive(work)
      .catch((error: unknown) => {
        if (end.signal.aborted) return;
        this.#options.log.warn(
          { reason: messageOf(error) },
          'a checkpoint or a word of progress is not delivered yet',
        );
      })
      .finally(() => {
        this.#background = undefined;
      });
    this.#background = { end, done };
  }

  /** Resolves when another word of progress may be told. */
  async #mayTell(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const now = clock.monotonic();
    const from = Math.max(this.#wordsUntil, now - WORDS_AT_ONCE * WORD_EVERY_MS);
    this.#wordsUntil = from + WORD_EVERY_MS;
    if (this.#wordsUntil > now) await clock.sleep(this.#wordsUntil - now, signal);
  }

  async #yieldBackground(): Promise<void> {
    this.#background?.end.abort();
    await this.#background?.done;
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Mails one report, after its file and its rescue, if it is still there to be sent. */
  async #deliver(id: string, signal: AbortSignal): Promise<void> {
    const outgoing = this.#outbox.pending().find(({ report }) => report.id === id);
    if (outgoing === undefined || !(await this.#store(outgoing, signal))) return;
    const { report, rescue } = outgoing;
    try {
      if (rescue !== undefined) await this.#mail(rescue, id, signal);
      const place = await this.#mail(report, id, signal);
      if (place !== undefined) await this.#outbox.remove(id, place);
    } catch (error) {
      if (!isWaggleError(error) || !hopeless.includes(error.code)) throw error;
      await this.#outbox.setAside(id, error.message);
    }
  }

  /** Undefined when a newer report has taken the place of entry `id` meanwhile. */
  async #mail(report: Report, id: string, signal: AbortSignal): Promise<Mailed | undefined> {
    const place = await this.#persist(id, signal, () => this.#mails.send(report));
    if (place === undefined) this.#mails.forget(report.id);
    return place;
  }

  /** Whether the file that the report names, if any, is stored; a report whose file cannot be read is set aside. */
  async #store({ report, bundle }: Outgoing, signal: AbortSignal): Promise<boolean> {
    const wanted = fileOf(report);
    if (wanted === undefined || this.#stored.has(wanted.sha256)) return true;
    const { swarm, project, agent, files = onDisk } = this.#options;
    try {
      if (bundle === undefined) throw new Error('its bundle is missing');
      const found = await files.describe(agent, bundle);
      if (found.sha256 !== wanted.sha256)
        throw new Error(`its bundle hashes to ${found.sha256}, expected ${wanted.sha256}`);
      const stored = await this.#persist(report.id, signal, () => files.put(swarm, project, agent, bundle));
      if (stored === undefined) return false;
      this.#stored.add(wanted.sha256);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (isWaggleError(error) && !hopeless.includes(error.code)) throw error;
      await this.#outbox.setAside(report.id, messageOf(error));
      return false;
    }
  }

  /** Tries until it is done, the signal aborts, or entry `id` has left the outbox (undefined). */
  async #persist<T>(id: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T | undefined> {
    const { clock, log } = this.#options;
    while (this.#outbox.has(id)) {
      signal.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        // The server's own refusal may be a full disk: the outbox can wait for room.
        const isPassing = isWaggleError(error) && (isTransient(error) || error.code === 'bus-refused');
        if (!isPassing) throw error;
        log.debug({ report: id, reason: messageOf(error) }, 'the report is not stored yet');
        await clock.sleep(RETRY_MS, signal);
      }
    }
    return undefined;
  }
}

/** What ends when somebody makes room, or mends the disk. */
const diskFaults: readonly (string | undefined)[] = [
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'EFBIG',
  'EACCES',
  'EPERM',
];
const isDiskFault = (error: unknown): boolean =>
  diskFaults.includes((error as NodeJS.ErrnoException | undefined)?.code);

/** Told while a run goes on: nobody waits for it to let go of the grant. */
const endsNothing = ({ kind }: Report): boolean =>
  kind === 'checkpoint' || kind === 'progress' || kind === 'used';

/** The file that must stand in FILES when the report is read. */
export function fileOf(report: Report): FileRef | undefined {
  switch (report.kind) {
    case 'submitted':
      return report.bundle;
    case 'checkpoint':
    case 'released':
      return report.checkpoint?.file;
    default:
      return undefined;
  }
}
