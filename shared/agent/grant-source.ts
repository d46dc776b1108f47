/**
 * Where an agent's grants come from: claims, each with the report that waits, one at a time. Owns what a claim has to say
 * of earlier mail; the outbox owns keeping, the courier delivering.
 *
 * 1. A grant is held, and so listed in beats, until its report is delivered.
 * 2. A claim that was cut off is made void by the next one, before anything else is claimed.
 * 3. No claim, the leaving one included, is decided before what its agent mailed: it would end as lost, or as released,
 *    what such a mail ends, and a report that it carries would come before the checkpoints of its run.
 */
import type { ClaimAnswer } from '../../schemas/index.ts';
import type { Claimer } from '../bus/claimer.ts';
import type { Clock } from '../clock.ts';
import { withinTime } from '../within-time.ts';
import type { Courier } from './courier.ts';
import type { HeldGrant } from './held-grant.ts';
import type { LastMail, Outbox } from './outbox.ts';

export interface GrantSourceOptions {
  readonly claimer: Claimer;
  readonly courier: Pick<Courier, 'flush' | 'forClaim' | 'answered' | 'isReporting'>;
  readonly outbox: Pick<Outbox, 'lastMail'>;
  readonly held: Set<HeldGrant>;
  readonly clock: Clock;
}

/** What a claim brought; `isCarrying`: it brought a report, and so was answered at once. */
export interface Asked {
  readonly answer: ClaimAnswer;
  readonly isCarrying: boolean;
}

const LEAVE_MS = 5_000;

export class GrantSource {
  readonly #options: GrantSourceOptions;
  /** The newest mail that a claim which was decided followed. */
  #followed: LastMail | undefined;

  constructor(options: GrantSourceOptions) {
    this.#options = options;
  }

  /** Delivers what a predecessor left: the first claim is decided after it, and after all that the predecessor mailed. */
  async begin(signal: AbortSignal): Promise<void> {
    await this.#options.courier.flush(signal);
  }

  /** One claim, with the report that waits, if it is one. Rejects when the signal aborts meanwhile. */
  async ask(signal: AbortSignal, waitMs?: number): Promise<Asked> {
    const { claimer, courier } = this.#options;
    const report = await courier.forClaim(signal);
    // What the claim cannot carry goes first, by mail: the claim ends whatever grant it is about.
    if (report === undefined) await courier.flush(signal);
    this.letGo();
    const after = this.#toFollow();
    const answer = await claimer.next({
      holds: [],
      signal,
      ...(waitMs === undefined ? {} : { waitMs }),
      ...(report === undefined ? {} : { report }),
      ...(after === undefined ? {} : { afterMail: after.seq }),
    });
    if (answer.report !== undefined) await courier.answered(answer.report);
    this.letGo();
    // A claim that was told `nothing` may not have been decided: the mail that it waited for may not be read yet.
    if (answer.kind !== 'nothing') this.#followed = after ?? this.#followed;
    return { answer, isCarrying: report !== undefined };
  }

  /** Reports go out, and a claim that asks for nothing makes the one that was cut off void. */
  async withdraw(): Promise<void> {
    await withinTime(this.#options.clock, LEAVE_MS, (signal) => this.#withdraw(signal));
  }

  async #withdraw(signal: AbortSignal): Promise<void> {
    const { claimer, courier } = this.#options;
    const report = await courier.forClaim(signal);
    // Several reports go first: the claim ends whatever grant they are about.
    if (report === undefined) await courier.flush(signal);
    const after = this.#toFollow();
    const answer = await claimer.next({
      holds: [],
      waitMs: after === undefined ? 0 : LEAVE_MS / 2,
      leaving: true,
      signal,
      ...(after === undefined ? {} : { afterMail: after.seq }),
      ...(report === undefined ? {} : { report }),
    });
    if (answer.report !== undefined) await courier.answered(answer.report);
    await courier.flush(signal);
    this.letGo();
  }

  /** The newest mail, unless a claim that was decided followed it: whoever mailed it, and whatever was cut off since. */
  #toFollow(): LastMail | undefined {
    const last = this.#options.outbox.lastMail();
    return last === this.#followed ? undefined : last;
  }

  /** Grants whose reports are delivered are held no longer. */
  letGo(): void {
    const { held, courier } = this.#options;
    for (const holding of held) {
      if (holding.isOver && !courier.isReporting(holding.grant.fence)) held.delete(holding);
    }
  }
}
