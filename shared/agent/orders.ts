/**
 * What an operator can tell an agent while it runs. Whoever serves control messages (`control-desk.ts`) translates them
 * into these calls; the claim loop and the worker carry them out.
 */
import type { ControlAnswer } from '../../schemas/index.ts';

/** When an order takes effect. */
export type Applied = NonNullable<ControlAnswer['applied']>;

/** Orders that every agent carries out. */
export interface LoopOrders {
  /** Finish what is in hand within the drain time, then leave. */
  drain(): void;
  /** Finish what is in hand, then leave. */
  stop(): Applied;
  /** End what is in hand at once, then leave. */
  kill(why: string): void;
  pause(forMs: number | undefined): Applied;
  /** False when it was not paused. */
  resume(): boolean;
}

/** Words for a harness; a second copy by its id changes nothing. They are on disk when the promise resolves. */
export interface WordOrders {
  /** In the prompt of the next run. */
  message(id: string, text: string): Promise<Applied>;
  /** Instead of the next task's own words. */
  nextPrompt(id: string, text: string): Promise<Applied>;
  /** Now, where the harness can; else as a message. */
  steer(id: string, text: string): Promise<Applied>;
}
