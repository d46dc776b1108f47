/**
 * A board kept warm while somebody else leads: follows the journal, so that taking over costs no fold, and notices at
 * once when the journal becomes one that this version must not lead on. Serialises its own reading.
 */
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import { catchUp, type Folded, isUnfit, type Sources, survey } from './survey.ts';

const FOLLOW_MS = 1_000;

export class Standby {
  readonly #sources: Sources;
  #folded: Folded | undefined;
  #work: Promise<void> = Promise.resolve();
  #isAway = false;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** Brings the board up to date. Errors: those of `survey`. */
  refresh(): Promise<void> {
    const work = this.#work.then(() => this.#read());
    this.#work = work.catch(() => undefined);
    return work;
  }

  /** Hands the board out, up to date, to somebody who will change it. Errors: as of `refresh`. */
  async take(): Promise<Folded> {
    this.#isAway = true;
    await this.refresh();
    const folded = this.#folded ?? (await survey(this.#sources));
    this.#folded = undefined;
    return folded;
  }

  /** The board that was handed out is gone: a new one is read. */
  giveBack(): void {
    this.#folded = undefined;
    this.#isAway = false;
  }

  /** Follows the journal until the signal aborts, or until nobody of this version may lead any more: then throws. */
  async follow(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(FOLLOW_MS, signal).catch(() => undefined);
      if (signal.aborted || this.#isAway) continue;
      try {
        await this.refresh();
      } catch (error) {
        if (isUnfit(error) || !isWaggleError(error)) throw error;
        this.#sources.log.debug({ err: messageOf(error) }, 'the journal cannot be followed now');
      }
    }
  }

  async #read(): Promise<void> {
    const known = this.#folded;
    this.#folded = undefined;
    if (known !== undefined) {
      try {
        await catchUp(this.#sources, known);
        this.#folded = known;
        return;
      } catch (error) {
        // Read anew: that names what is wrong, if anything is.
        if (!isWaggleError(error)) throw error;
      }
    }
    this.#folded = await survey(this.#sources);
  }
}
