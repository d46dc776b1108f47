/**
 * The mail of one run: the desk that its harness speaks through, what waits for it at the start, and what is urgent
 * while it works.
 */
import { MailAlert } from '../../shared/agent/mail-alert.ts';
import { settlingDesk } from '../../shared/agent/settling-desk.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { createBusDesk } from '../../shared/mail/bus-desk.ts';
import type { MailDesk } from '../../shared/mail/desk.ts';
import { overheard } from '../../shared/mail/overheard.ts';
import { hostName } from '../../shared/process/identity.ts';
import type { RandomId } from '../../shared/random.ts';
import { unreadMail } from './unread-mail.ts';

/** Of mail, in one answer to the harness. */
const ANSWER_BYTES = 16 * 1024 ** 2;

export interface RunMailOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  /** `Place.state` of this worker. */
  readonly placeState: string;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

export interface RunMail {
  readonly desk: MailDesk;
  /** The section for the prompt. Never rejects. */
  unread(signal: AbortSignal): Promise<string | undefined>;
  /** `1 urgent mail waits: fmail inbox`; undefined when none came since the start that the harness has not seen. */
  notice(): string | undefined;
  /** Tells the last receipts. */
  close(): Promise<void>;
}

export function openRunMail(options: RunMailOptions): RunMail {
  const { placeState, clock, log } = options;
  const identity = `state:${placeState}`;
  const own = createBusDesk({ ...options, identity, host: hostName(), mostBytes: ANSWER_BYTES });
  const alert = new MailAlert({ desk: overheard(options), clock, log });
  alert.start();
  return {
    desk: settlingDesk(own, alert),
    unread: (signal) => unreadMail(own, log, signal),
    notice: () => alert.line(),
    async close() {
      await alert.stop();
      await own.close();
    },
  };
}
