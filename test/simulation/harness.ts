/**
 * The model of a harness: it takes some virtual time, prints as it goes, changes its tree, speaks of its task through its
 * socket, and comes to its end in some way: by itself, at a limit, or when it is stopped, which takes a moment, too.
 */

import type { Run } from '../../services/worker/run-context.ts';
import type { RunHarnessOptions, StartedHarness } from '../../services/worker/run-harness.ts';
import type { CurrentTask, TaskDesk } from '../../shared/agent/task-desk.ts';
import type { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import { isWaggleError } from '../../shared/errors.ts';
import { withFirst } from '../../shared/first-signal.ts';
import type { HarnessResult } from '../../shared/harness/harness-run.ts';
import type { LimitName } from '../../shared/harness/limits.ts';
import type { RunEnd } from '../../shared/harness/run-end.ts';
import { noSigns, type RunSigns } from '../../shared/harness/run-signs.ts';
import { stopReason } from '../../shared/harness/supervised-run.ts';
import type { Env } from './node.ts';

/** How runs go; shares are of all runs. */
export interface HarnessModel {
  readonly shortestMs: number;
  readonly longestMs: number;
  /** The share of runs that stop printing and never end. */
  readonly hangs: number;
  readonly fails: number;
  readonly asks: number;
  readonly limits: number;
  /** That end well and leave no change. */
  readonly idles: number;
  readonly checkpointEveryMs: number;
  readonly printEveryMs: number;
}

export const usualRuns: HarnessModel = {
  shortestMs: 1_000,
  longestMs: 20_000,
  hangs: 0.01,
  fails: 0.12,
  asks: 0.03,
  limits: 0.03,
  idles: 0.02,
  checkpointEveryMs: 8_000,
  printEveryMs: 2_000,
};

export interface ModelOptions {
  readonly env: Env;
  readonly model: HarnessModel;
  readonly run: Run;
  readonly how: RunHarnessOptions;
  /** Through its socket, once it has one. */
  readonly tasks: () => TaskDesk;
}

/** What a run comes to, by itself. */
type Fate = 'fails' | 'starts-not' | 'times-out' | 'limited' | 'asks' | 'idles' | 'works';

const BYTES_A_PRINT = 80;
const CRASHED: RunEnd = { how: 'signalled', signal: 'SIGSEGV' };
const QUESTION = 'Which of the two do you want me to keep?';
const HANG_MS = 30_000;
const START_MS = 300;
/** How long one that is stopped may take to end. */
const GRACE_MS = 1_500;

export function startModel(options: ModelOptions): StartedHarness {
  const harness = new ModelHarness(options);
  const result = harness.work();
  return {
    harness: {
      result,
      outputBytes: () => harness.bytes,
      lastOutputAgeMs: () => options.env.clock.monotonic() - harness.printedAt,
      usage: () => ({ output_tokens: harness.bytes }),
      session: () => undefined,
      steer: async () => 'next_run',
      reach: (limit) => harness.reach(limit),
    },
    ended: result.then((ended) => ({
      result: ended,
      outputFile: 'transcript.log',
      hasStarted: ended.end.how !== 'not-started',
    })),
  };
}

class ModelHarness {
  readonly #options: ModelOptions;
  readonly #limits = new AbortController();
  readonly #startedAt: number;
  #limit: LimitName | undefined;
  #lastLines = '';
  bytes = 0;
  printedAt: number;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#startedAt = options.env.clock.monotonic();
    this.printedAt = this.#startedAt;
  }

  reach(limit: LimitName): void {
    this.#limit ??= limit;
    this.#limits.abort();
  }

  async work(): Promise<HarnessResult> {
    const { how } = this.#options;
    const { end, signs } = await withFirst([how.signal, this.#limits.signal], (over) => this.#live(over));
    const durationMs = Math.round(this.#options.env.clock.monotonic() - this.#startedAt);
    return {
      end,
      signs,
      ...(end.how === 'exited' ? { exitCode: end.exitCode } : {}),
      tail: '',
      lastLines: this.#lastLines,
      outputBytes: this.bytes,
      durationMs,
      usage: { output_tokens: this.bytes, duration_ms: durationMs },
      unheard: [],
    };
  }

  async #live(over: AbortSignal): Promise<{ end: RunEnd; signs: RunSigns }> {
    const { env, how, run } = this.#options;
    const { clock, random } = env;
    await clock.sleep(random.between(10, START_MS), over).catch(() => undefined);
    if (over.aborted) return { end: await this.#stopped(), signs: noSigns };
    let task: CurrentTask | undefined = await run.tasks.current();
    let fate = this.#fate();
    if (fate === 'starts-not')
      return { end: { how: 'not-started', message: 'no such model' }, signs: noSigns };
    await how.begun();
    const started = { ...noSigns, started: true };
    while (task !== undefined) {
      await this.#workOn(task, fate, over);
      if (over.aborted) return { end: await this.#stopped(), signs: started };
      switch (fate) {
        case 'fails':
          return { end: random.chance(0.5) ? { how: 'exited', exitCode: 1 } : CRASHED, signs: started };
        case 'times-out':
          return { end: { how: 'limit', limit: 'wall' }, signs: started };
        case 'limited':
          return { end: { how: 'exited', exitCode: 1 }, signs: { ...started, lastFault: this.#rateLimit() } };
        case 'asks':
          // In words alone, or through its socket as well.
          if (random.chance(0.5)) this.#lastLines = QUESTION;
          else await this.#say((tasks) => tasks.block(`${task?.run} has a question`));
          break;
        case 'idles':
        case 'works':
          await this.#say((tasks) => tasks.done(`${task?.run} is done`));
          break;
        case 'starts-not':
          // One that runs already goes away without a word.
          break;
      }
      task = run.options.mode === 'continuous' ? await this.#next(over) : undefined;
      fate = this.#fate();
      if (over.aborted) return { end: await this.#stopped(), signs: started };
    }
    return { end: { how: 'exited', exitCode: 0 }, signs: started };
  }

  #fate(): Fate {
    const { env, model } = this.#options;
    const fates: readonly (readonly [Fate, number])[] = [
      ['fails', model.fails * 0.6],
      ['starts-not', model.fails * 0.1],
      ['times-out', model.fails * 0.3],
      ['limited', model.limits],
      ['asks', model.asks],
      ['idles', model.idles],
    ];
    let left = env.random.next();
    for (const [fate, share] of fates) {
      left -= share;
      if (left < 0) return fate;
    }
    return 'works';
  }

  async #workOn({ run }: CurrentTask, fate: Fate, over: AbortSignal): Promise<void> {
    const { env, model, how } = this.#options;
    const { clock, disk, random } = env;
    const hangs = random.chance(model.hangs);
    const endsAt = clock.monotonic() + random.between(model.shortestMs, model.longestMs);
    while (!over.aborted && (hangs || clock.monotonic() < endsAt)) {
      await clock.sleep(hangs ? HANG_MS : model.printEveryMs, over).catch(() => undefined);
      if (over.aborted || hangs) continue;
      this.bytes += BYTES_A_PRINT;
      this.printedAt = clock.monotonic();
      how.onUsage();
      const work = disk.works.get(run);
      if (work !== undefined && fate !== 'idles') work.content = `${run} at ${this.bytes}`;
      if (random.chance(0.14)) await this.#say((tasks) => tasks.progress(`${run} at ${this.bytes}`));
    }
  }

  /** Its right may have ended before it hears of that. */
  async #say(word: (tasks: TaskDesk) => Promise<void>): Promise<void> {
    await word(this.#options.tasks()).catch((error: unknown) => {
      if (!isWaggleError(error, 'refused')) throw error;
    });
  }

  async #next(over: AbortSignal): Promise<CurrentTask | undefined> {
    try {
      return await this.#options.tasks().next(over);
    } catch (error) {
      if (!isWaggleError(error, 'refused') && !over.aborted) throw error;
      return undefined;
    }
  }

  async #stopped(): Promise<RunEnd> {
    const { env, how } = this.#options;
    if (this.#limit !== undefined) return { how: 'limit', limit: this.#limit };
    const reason = stopReason(how.signal);
    if (reason !== 'kill') await env.clock.sleep(env.random.between(0, GRACE_MS));
    return { how: 'stopped', reason };
  }

  /** Where the harness does not say when it goes on the project's own pause holds, which is long. */
  #rateLimit(): NonNullable<RunSigns['lastFault']> {
    const { clock, random } = this.#options.env;
    const resetsAt = Math.round(clock.now() + random.between(1_000, 30_000));
    return {
      kind: 'rate_limit',
      message: 'a model limit',
      willRetry: false,
      ...(random.chance(0.9) ? { resetsAt } : {}),
    };
  }
}

/** How a submission fares when it is taken in. */
export function takeInModel(random: SeededRandom): () => 'conflict' | 'gate' | 'empty' | 'clean' {
  return () => {
    const fate = random.next();
    if (fate < 0.06) return 'conflict';
    if (fate < 0.12) return 'gate';
    return fate < 0.14 ? 'empty' : 'clean';
  };
}
