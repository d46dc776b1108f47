/**
 * Mails reports to the orchestrator. The board knows the second copy of a report by what it ends, stores or counts; a word of
 * progress it does not know again, so that one is looked for before it goes out when the server may have forgotten its id.
 */
import type { Mail, Report } from '../../schemas/index.ts';
import { isTransient } from '../bus/board-client.ts';
import type { Bus } from '../bus/port.ts';
import { createReader } from '../bus/read-client.ts';
import { storeMail } from '../bus/send-mail.ts';
import type { Clock } from '../clock.ts';
import { isWaggleError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Mailed } from './outbox.ts';

/** Far less than the two minutes for which the server knows an id, by a clock that may be set meanwhile. */
const KNOWN_MS = 30_000;
const STORE_MS = 5_000;
/** Of the agent's mails to the orchestrator. Its reports go out one after another: it is among the newest. */
const LOOKED_AT = 50;
const ORCHESTRATOR = { kind: 'agent', name: 'orchestrator' } as const;

export interface ReportMailOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Ids of the reports that a predecessor left, and may have sent. */
  readonly left: readonly string[];
}

export class ReportMail {
  readonly #options: ReportMailOptions;
  /** When a report went out first, by the monotonic clock. */
  readonly #firstAt = new Map<string, number>();

  constructor(options: ReportMailOptions) {
    this.#options = options;
    for (const id of options.left) this.#firstAt.set(id, Number.NEGATIVE_INFINITY);
  }

  /** Stores the report in MAIL and says where. Errors: the port's. */
  async send(report: Report): Promise<Mailed> {
    const { swarm, project, agent, clock } = this.#options;
    const { id } = report;
    const store = async (mail: Mail): Promise<Mailed> => {
      const { seq, duplicate } = await storeMail(swarm, project, agent, ORCHESTRATOR, mail, STORE_MS);
      return { seq, isRepeat: duplicate };
    };
    const firstAt = this.#firstAt.get(id) ?? clock.monotonic();
    const isForgotten = clock.monotonic() - firstAt > KNOWN_MS;
    const found = isForgotten && report.kind === 'progress' ? await this.#find(id) : undefined;
    this.#firstAt.set(id, firstAt);
    const mail: Mail = { v: 1, id, kind: 'report', at: clock.now(), report };
    const place = found === undefined ? await store(mail) : { seq: found, isRepeat: true };
    this.forget(id);
    return place;
  }

  /** The report is sent no more. */
  forget(id: string): void {
    this.#firstAt.delete(id);
  }

  /** Where it stands in MAIL. Errors: those that time mends. */
  async #find(id: string): Promise<number | undefined> {
    const { swarm, project, agent, log } = this.#options;
    try {
      const reader = createReader(swarm, project, agent);
      const { mails } = await reader.mail({ target: ORCHESTRATOR, from: agent, last: LOOKED_AT });
      return mails.find(({ mail }) => mail.id === id)?.seq;
    } catch (error) {
      if (!isWaggleError(error) || isTransient(error)) throw error;
      log.warn({ report: id, reason: messageOf(error) }, 'whether a word of progress was sent is not known');
      return undefined;
    }
  }
}
