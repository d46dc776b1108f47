/**
 * A grant in an agent's hands: what its beats say of it, and a signal that aborts when its run must end.
 */
import type { AnyGrant, BeatGrant, Usage } from '../../schemas/index.ts';

/**
 * Reasons with which `signal` aborts: `fenced` when the grant ended elsewhere, `drain` when the agent leaves, `halt` when
 * the run alone must end, `kill` when it must end without a grace. Of all but the first the task goes back.
 */
export type EndReason = 'fenced' | 'drain' | 'halt' | 'kill';

/** What a run tells of itself. */
export interface Progress {
  readonly phase: string;
  readonly outputBytes: number;
  readonly outputAgeMs?: number;
  readonly usage?: Usage;
  readonly profile?: string;
}

export class HeldGrant {
  readonly grant: AnyGrant;
  readonly #end = new AbortController();
  #why: string | undefined;
  #isOver = false;
  #progress: () => Progress = () => ({ phase: 'preparing', outputBytes: 0 });

  constructor(grant: AnyGrant) {
    this.grant = grant;
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Why it ends, in a sentence for people, where whoever ended it said so. */
  get why(): string | undefined {
    return this.#why;
  }

  end(reason: EndReason, why?: string): void {
    if (!this.#end.signal.aborted) this.#why = why;
    this.#end.abort(reason);
  }

  follow(progress: () => Progress): void {
    this.#progress = progress;
  }

  /** Nothing is done for it any more: it is listed until its report is delivered. */
  finish(): void {
    this.#isOver = true;
    this.enter('reporting');
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** A new phase, without a harness to follow: its output and usage stay what they were. */
  enter(phase: string): void {
    const { outputAgeMs: _, ...last } = this.#progress();
    this.#progress = () => ({ ...last, phase });
  }

  beat(): BeatGrant {
    const { phase, outputBytes, outputAgeMs, usage, profile } = this.#progress();
    return {
      task: this.grant.task,
      fence: this.grant.fence,
      run: this.grant.run,
      phase,
      output_bytes: outputBytes,
      ...(outputAgeMs === undefined ? {} : { output_age_ms: Math.max(0, Math.round(outputAgeMs)) }),
      ...(usage === undefined ? {} : { usage }),
      ...(profile === undefined ? {} : { profile }),
    };
  }
}
