/**
 * The journal's events as they come, until the signal aborts. Asks the leader again every second, and at once when
 * something is announced; waits out a bus or a leader that is away.
 */
import { RESERVED_AGENT } from '../../../schemas/limits.ts';
import { isTransient } from '../../../shared/bus/board-client.ts';
import { subjectsOf } from '../../../shared/bus/subjects.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import type { JournalEvent } from '../event-words.ts';
import type { ProjectLink } from '../session.ts';

const POLL_MS = 1_000;
/** However much is announced, the leader is asked no oftener. */
const GAP_MS = 100;
const PAGE = 500;

/** Gives what comes after the sequence `after`. */
export async function followEvents(
  { client, swarm, context }: ProjectLink,
  after: number,
  signal: AbortSignal,
  take: (event: JournalEvent) => void,
): Promise<void> {
  const { clock, project } = context;
  const subjects = subjectsOf(project);
  const news = new NewsBell();
  const heard = [
    swarm.subscribe(subjects.leader),
    swarm.subscribe(subjects.live(subjects.mailTo(undefined, RESERVED_AGENT))),
  ];
  const pumps = heard.map(async (subscription) => {
    for await (const _ of subscription) news.ring();
  });
  try {
    for (let seen = after; !signal.aborted; ) {
      const page = await client
        .query({ v: 1, kind: 'journal', after: seen, limit: PAGE }, signal)
        .catch((error: unknown) => {
          if (signal.aborted || (isWaggleError(error) && isTransient(error))) return undefined;
          throw error;
        });
      for (const { seq, batch } of page?.batches ?? []) {
        for (const event of batch.events) take({ seq, at: batch.at, event });
        seen = seq;
      }
      if (page === undefined || page.batches.length === 0 || seen >= page.last) {
        await clock.sleep(GAP_MS, signal).catch(() => undefined);
        await news.wait((stop) => clock.sleep(POLL_MS - GAP_MS, stop), signal);
      }
    }
  } finally {
    for (const subscription of heard) subscription.close();
    await Promise.all(pumps);
  }
}

/** Remembers a ring that nobody waited for. */
class NewsBell {
  #isRung = false;
  #wake = (): void => {};

  ring(): void {
    this.#isRung = true;
    this.#wake();
  }

  /** Until the next ring, or the end of `sleep`, or the signal. */
  async wait(sleep: (stop: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const stop = AbortSignal.any([signal, over.signal]);
    const rung = new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#isRung) resolve();
    });
    const slept = sleep(stop).catch(() => undefined);
    await Promise.race([rung, slept]);
    over.abort();
    await slept;
    this.#isRung = false;
    this.#wake = () => {};
  }
}
