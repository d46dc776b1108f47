/**
 * Brings the outbox's reports to the orchestrator, as mail or with a claim. Owns retrying; the outbox owns
 * keeping.
 */
import type { Report, ReportAnswer } from '../../schemas/index.ts';
import { isTransient } from '../bus/board-client.ts';
import { sendMail } from '../bus/mailbox.ts';
import type { Bus } from '../bus/port.ts';
import type { Clock } from '../clock.ts';
import { isWaggleError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Outbox } from './outbox.ts';

const RETRY_MS = 250;

export class Courier {
  readonly #outbox: Outbox;
  readonly #swarm: Bus;
  readonly #project: string;
  readonly #agent: string;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(options: {
    outbox: Outbox;
    swarm: Bus;
    project: string;
    agent: string;
    clock: Clock;
    log: Log;
  }) {
    this.#outbox = options.outbox;
    this.#swarm = options.swarm;
    this.#project = options.project;
    this.#agent = options.agent;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Puts a report where nothing short of losing the disk loses it. */
  keep(report: Report): Promise<void> {
    return this.#outbox.put(report);
  }

  /** The report that a claim should carry: the only one there is; several go by mail, in order. */
  forClaim(): Report | undefined {
    const pending = this.#outbox.pending();
    return pending.length === 1 ? pending[0] : undefined;
  }

  /** The board answered a report. */
  async answered(answer: ReportAnswer): Promise<void> {
    if (answer.status === 'refused') {
      this.#log.warn(
        { report: answer.id, code: answer.code, reason: answer.message },
        'the report was refused',
      );
    }
    await this.#outbox.remove(answer.id);
  }

  /**
   * Mails everything that is pending, oldest first, until MAIL has it or the signal aborts. Gives the sequence of
   * the last mail: a claim that names it is decided after it.
   */
  async flush(signal: AbortSignal): Promise<number | undefined> {
    let last: number | undefined;
    for (const report of this.#outbox.pending()) {
      for (;;) {
        signal.throwIfAborted();
        try {
          last = await this.#mail(report);
          await this.#outbox.remove(report.id);
          break;
        } catch (error) {
          if (!isWaggleError(error) || !isTransient(error)) throw error;
          this.#log.debug({ report: report.id, reason: messageOf(error) }, 'the report is not stored yet');
          await this.#clock.sleep(RETRY_MS, signal);
        }
      }
    }
    return last;
  }

  #mail(report: Report): Promise<number> {
    const to = { kind: 'agent', name: 'orchestrator' } as const;
    const mail = { v: 1, id: report.id, kind: 'report', at: this.#clock.now(), report } as const;
    return sendMail(this.#swarm, this.#project, this.#agent, to, mail);
  }
}
