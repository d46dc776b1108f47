/**
 * Claims that wait for work (long polls), oldest first. At most one for each slot of an incarnation: a repeated or
 * higher-numbered claim takes the place of the one before it, whose asker no longer listens.
 */
import type { Claim } from '../../schemas/index.ts';

export interface WaitingClaim<A> {
  readonly from: string;
  readonly claim: Claim;
  /** Monotonic time at which the wait ends. */
  readonly until: number;
  readonly answer: A;
  /** Whether it was decided as far as it can be, and only waits for something to change. */
  readonly isTried: boolean;
}

/** Of more slots than this the highest number is not remembered: the longest unheard ones go first. */
const SLOTS_KEPT = 10_000;

const keyOf = (from: string, { slot, incarnation }: Claim): string => `${from}/${slot}/${incarnation}`;

export class WaitingClaims<A> {
  readonly #claims = new Map<string, WaitingClaim<A>>();
  readonly #highest = new Map<string, number>();

  /** False when a claim with a higher number of the same incarnation already waits: this one is void. */
  add(waiting: WaitingClaim<A>): boolean {
    const key = keyOf(waiting.from, waiting.claim);
    const known = this.#claims.get(key);
    const isOlder = known !== undefined && known.claim.number > waiting.claim.number;
    if (isOlder) return false;
    // A repeated claim keeps its place in the queue.
    if (known === undefined || known.claim.number !== waiting.claim.number) this.#claims.delete(key);
    this.#claims.set(key, waiting);
    return true;
  }

  /** Whether a higher number of the same slot and incarnation was heard before: nobody waits for this one's answer. */
  isVoid(from: string, claim: Claim): boolean {
    return (this.#highest.get(keyOf(from, claim)) ?? 0) > claim.number;
  }

  /**
   * Forgets the claim of that slot which a newer one makes void. One of another incarnation does not: that may be a copy
   * of a state directory, and is refused; one that is accepted ends the older incarnation, whose claim is refused then.
   */
  supersede(from: string, claim: Claim): void {
    if (!this.isVoid(from, claim)) this.#hear(keyOf(from, claim), claim);
    const key = keyOf(from, claim);
    const known = this.#claims.get(key)?.claim;
    if (known !== undefined && known.number < claim.number) this.#claims.delete(key);
  }

  /** That claim is decided: no copy of it, and none before it, waits any more. */
  forget(from: string, claim: Claim): void {
    const key = keyOf(from, claim);
    const known = this.#claims.get(key)?.claim;
    if (known !== undefined && known.number <= claim.number) this.#claims.delete(key);
  }

  #hear(key: string, { number }: Claim): void {
    this.#highest.delete(key);
    this.#highest.set(key, number);
    for (const oldest of this.#highest.keys()) {
      if (this.#highest.size <= SLOTS_KEPT) break;
      this.#highest.delete(oldest);
    }
  }

  remove(waiting: WaitingClaim<A>): void {
    const key = keyOf(waiting.from, waiting.claim);
    if (this.#claims.get(key) === waiting) this.#claims.delete(key);
  }

  all(): WaitingClaim<A>[] {
    return [...this.#claims.values()];
  }

  /** The mails that claims name to be decided after, of those above `mailSeq`. */
  awaited(mailSeq: number): number[] {
    return this.all().flatMap(({ claim }) => (isAhead(claim, mailSeq) ? (claim.after_mail ?? []) : []));
  }

  /** What waits for one of these mails waits for none any more, and has not been decided yet. False: nothing did. */
  giveUp(mails: readonly number[]): boolean {
    const waiting = this.all().filter(({ claim }) => mails.includes(claim.after_mail ?? 0));
    for (const one of waiting) this.add({ ...one, claim: { ...one.claim, after_mail: 0 } });
    return waiting.length > 0;
  }

  /** The earliest end of a wait. */
  nextEnd(): number | undefined {
    let next: number | undefined;
    for (const { until } of this.#claims.values()) if (next === undefined || until < next) next = until;
    return next;
  }

  /** Takes out those whose wait has ended. */
  ended(now: number): WaitingClaim<A>[] {
    const over = this.all().filter(({ until }) => until <= now);
    for (const waiting of over) this.remove(waiting);
    return over;
  }

  counts(): { task: number; commit: number } {
    let commit = 0;
    for (const { claim } of this.#claims.values()) if (claim.work === 'commit') commit += 1;
    return { task: this.#claims.size - commit, commit };
  }
}

/** Whether the claim must be decided after a mail that is not consumed yet. */
export const isAhead = (claim: Claim, mailSeq: number): boolean =>
  claim.after_mail !== undefined && claim.after_mail > mailSeq;
