/**
 * Urgent mail (priority `high`) on its way to an agent at work: it follows the agent's direct mail and puts what is
 * urgent before the harness at once, where the harness can be steered; otherwise it keeps count, so that the next
 * answer that the agent gets says how much waits. Knows neither harness nor socket: both are its owner's.
 *
 * 1. An urgent mail is handed to `steer`, or pending until it is settled; one that could not be steered is pending.
 * 2. No mail alerts twice, also when following begins anew after a fault.
 */
import type { MailRecord } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { MailDesk } from '../mail/desk.ts';
import { urgentMailText } from '../mail/digest.ts';
import { mailSequence } from '../mail/message-id.ts';

export interface MailAlertOptions {
  readonly desk: Pick<MailDesk, 'agent' | 'log' | 'watch'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Pick<Log, 'warn'>;
  /** Puts a text before the harness while it runs. Absent: it cannot be steered. */
  readonly steer?: (text: string, signal: AbortSignal) => Promise<void>;
  /** How the line says to look at what waits. Default: `fmail inbox`. */
  readonly look?: string;
}

export interface UrgentMail {
  readonly id: string;
  readonly from: string;
}

const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

export class MailAlert {
  readonly #options: MailAlertOptions;
  readonly #stop = new AbortController();
  readonly #pending = new Map<number, UrgentMail>();
  /** Seen already, perhaps before it comes by the watch. */
  readonly #settled = new Set<number>();
  #after: number | undefined;
  #following: Promise<void> | undefined;

  constructor(options: MailAlertOptions) {
    this.#options = options;
  }

  /** Follows what comes after that sequence of MAIL (absent: from now on), until `stop`. Once. */
  start(after?: number): void {
    this.#after = after;
    this.#following ??= this.#follow(this.#stop.signal);
  }

  /** Takes in mail that was found otherwise, as if it had just come. */
  note(record: MailRecord): void {
    const seq = mailSequence(record.id);
    const isOwn = record.from === this.#options.desk.agent;
    if (seq === undefined || record.priority !== 'high' || isOwn || this.#settled.has(seq)) return;
    this.#pending.set(seq, { id: record.id, from: record.from });
  }

  /** Urgent mail that the agent has not seen as far as is known here, oldest first. */
  pending(): readonly UrgentMail[] {
    return [...this.#pending.entries()].sort(([a], [b]) => a - b).map(([, mail]) => mail);
  }

  /** `2 urgent mails wait: fmail inbox`; undefined when none does. */
  line(): string | undefined {
    const count = this.#pending.size;
    if (count === 0) return undefined;
    const look = this.#options.look ?? 'fmail inbox';
    return count === 1 ? `1 urgent mail waits: ${look}` : `${count} urgent mails wait: ${look}`;
  }

  /** The agent has seen the mail of that id. */
  settle(id: string): void {
    const seq = mailSequence(id) ?? 0;
    this.#settled.add(seq);
    this.#pending.delete(seq);
  }

  /** Ends following; waits for a mail that is being steered. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { desk, clock, log } = this.#options;
    const target = { kind: 'agent', name: desk.agent } as const;
    let faults = 0;
    while (!signal.aborted) {
      try {
        // Asks for mail from itself: what others wrote does not become delivered by looking where MAIL ends.
        this.#after ??= (await desk.log({ target, from: desk.agent, limit: 1 }, signal)).last;
        for await (const { record } of desk.watch({ target, after: this.#after }, signal)) {
          faults = 0;
          const seq = mailSequence(record.id);
          if (seq === undefined || seq <= this.#after) continue;
          this.#after = seq;
          await this.#take(record, signal);
        }
      } catch (error) {
        if (!signal.aborted && faults === 0) {
          log.warn({ reason: messageOf(error) }, 'urgent mail cannot be followed for now');
        }
      }
      await clock.sleep(Math.min(RETRY_MS * 2 ** faults, LONGEST_RETRY_MS), signal).catch(() => undefined);
      faults += 1;
    }
  }

  async #take(record: MailRecord, signal: AbortSignal): Promise<void> {
    const { steer, log } = this.#options;
    this.note(record);
    const seq = mailSequence(record.id) ?? 0;
    if (steer === undefined || !this.#pending.has(seq)) return;
    try {
      await steer(urgentMailText(record), signal);
      this.settle(record.id);
    } catch (error) {
      if (!signal.aborted) log.warn({ mail: record.id, reason: messageOf(error) }, 'mail was not steered');
    }
  }
}
