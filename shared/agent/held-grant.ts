/**
 * A grant in an agent's hands: what its beats say of it, and a signal that aborts when the right is gone.
 */
import type { AnyGrant, BeatGrant } from '../../schemas/index.ts';

/** Reasons with which `signal` aborts: `fenced` when the grant ended elsewhere, `drain` when the agent leaves. */
export type EndReason = 'fenced' | 'drain';

/** What a run tells of itself. */
export interface Progress {
  readonly phase: string;
  readonly outputBytes: number;
  readonly outputAgeMs?: number;
}

export class HeldGrant {
  readonly grant: AnyGrant;
  readonly #end = new AbortController();
  #progress: () => Progress = () => ({ phase: 'preparing', outputBytes: 0 });

  constructor(grant: AnyGrant) {
    this.grant = grant;
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  end(reason: EndReason): void {
    this.#end.abort(reason);
  }

  follow(progress: () => Progress): void {
    this.#progress = progress;
  }

  /** A new phase, without a harness to follow: its output stays what it was. */
  enter(phase: string): void {
    const { outputBytes } = this.#progress();
    this.#progress = () => ({ phase, outputBytes });
  }

  beat(): BeatGrant {
    const { phase, outputBytes, outputAgeMs } = this.#progress();
    return {
      task: this.grant.task,
      fence: this.grant.fence,
      run: this.grant.run,
      phase,
      output_bytes: outputBytes,
      ...(outputAgeMs === undefined ? {} : { output_age_ms: Math.max(0, Math.round(outputAgeMs)) }),
    };
  }
}
