/**
 * Claims that wait for work (long polls), oldest first. At most one for each slot of an agent: a repeated or
 * higher-numbered claim takes the place of the one before it, whose asker no longer listens.
 */
import type { Claim } from '../../schemas/index.ts';

export interface WaitingClaim<A> {
  readonly from: string;
  readonly claim: Claim;
  /** Monotonic time at which the wait ends. */
  readonly until: number;
  readonly answer: A;
}

export class WaitingClaims<A> {
  readonly #claims = new Map<string, WaitingClaim<A>>();

  /** False when a claim with a higher number of the same incarnation already waits: this one is void. */
  add(waiting: WaitingClaim<A>): boolean {
    const key = `${waiting.from}/${waiting.claim.slot}`;
    const known = this.#claims.get(key);
    const isOlder =
      known !== undefined &&
      known.claim.incarnation === waiting.claim.incarnation &&
      known.claim.number > waiting.claim.number;
    if (isOlder) return false;
    // A repeated claim keeps its place in the queue.
    if (known === undefined || known.claim.number !== waiting.claim.number) this.#claims.delete(key);
    this.#claims.set(key, waiting);
    return true;
  }

  /** Forgets the claim of that slot which a newer one, or one of a newer incarnation, makes void. */
  supersede(from: string, claim: Claim): void {
    const key = `${from}/${claim.slot}`;
    const known = this.#claims.get(key)?.claim;
    if (known === undefined) return;
    if (known.incarnation !== claim.incarnation || known.number < claim.number) this.#claims.delete(key);
  }

  remove(waiting: WaitingClaim<A>): void {
    const key = `${waiting.from}/${waiting.claim.slot}`;
    if (this.#claims.get(key) === waiting) this.#claims.delete(key);
  }

  all(): WaitingClaim<A>[] {
    return [...this.#claims.values()];
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
