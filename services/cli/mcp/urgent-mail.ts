/**
 * The urgent mail of the agent behind a tool server: followed from the first answered call on, together with what
 * waited before, so that each answer can say how much waits. A client that never calls costs no connection.
 */
import { MailAlert } from '../../../shared/agent/mail-alert.ts';
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { Watched, WatchQuery } from '../../../shared/mail/desk.ts';
import type { Desks } from './desks.ts';

/** Of the mail that waited before the first call. */
const EARLIER_MAILS = 200;

export interface UrgentMailOptions {
  readonly desks: Desks;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
}

export class UrgentMail {
  readonly #options: UrgentMailOptions;
  readonly #end = new AbortController();
  #alert: MailAlert | undefined;
  #beginning: Promise<void> | undefined;

  constructor(options: UrgentMailOptions) {
    this.#options = options;
  }

  /** Begins to follow, once; when that fails, the next call tries again. */
  begin(): void {
    this.#beginning ??= this.#begin().catch((error: unknown) => {
      this.#beginning = undefined;
      if (this.#end.signal.aborted) return;
      this.#options.log.warn({ reason: messageOf(error) }, 'urgent mail cannot be followed for now');
    });
  }

  /** `1 urgent mail waits: mail_inbox`; undefined when none does, as far as is known. */
  line(): string | undefined {
    return this.#alert?.line();
  }

  /** The agent has these mails before it; `isAll`: and there is no other unread one. */
  seen(ids: readonly string[], isAll: boolean): void {
    const others = isAll ? (this.#alert?.pending() ?? []).map(({ id }) => id) : [];
    for (const id of [...ids, ...others]) this.#alert?.settle(id);
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#beginning;
    await this.#alert?.stop();
  }

  async #begin(): Promise<void> {
    const { desks, clock, log } = this.#options;
    const { signal } = this.#end;
    const query = { limit: EARLIER_MAILS, unreadOnly: true };
    const { agent, last, items } = await desks.withMail(async (open) => {
      const target = { kind: 'agent', name: open.agent } as const;
      const found = await open.log({ target, from: open.agent, limit: 1 }, signal);
      return { agent: open.agent, last: found.last, items: await open.inbox(query, signal) };
    });
    async function* watch(choice: WatchQuery, until: AbortSignal): AsyncGenerator<Watched> {
      const open = await desks.mail();
      yield* open.watch(choice, until);
    }
    const alert = new MailAlert({
      desk: { agent, watch, log: (choice) => desks.withMail((open) => open.log(choice, signal)) },
      clock,
      log,
      look: 'mail_inbox',
    });
    for (const { record } of items) alert.note(record);
    if (!signal.aborted) alert.start(last);
    this.#alert = alert;
  }
}
