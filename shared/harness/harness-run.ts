/**
 * One run of a harness on a task: one process, or several in the same conversation when an operator's words interrupt it.
 * It knows nothing of tasks, git or the bus; what the end means is said in outcome.ts.
 *
 * 1. The whole process group is gone when `result` settles.
 * 2. Time, output and usage are those of all its processes together, and so are their limits.
 * 3. Words that came too late to be told are answered with `next_run`, never lost: the caller keeps them.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Usage } from '../../schemas/index.ts';
import { isWaggleError } from '../errors.ts';
import type { Adapter, HarnessEvent, Invocation } from './adapter.ts';
import type { HarnessContext, HarnessInput } from './harness-input.ts';
import { type HarnessProcess, startProcess } from './harness-process.ts';
import { interruptPrompt, restartPrompt } from './interrupt-prompt.ts';
import type { LimitName } from './limits.ts';
import { OUTPUT_LOG_BYTES } from './output-log.ts';
import { OutputTail } from './output-tail.ts';
import type { HarnessProfile } from './profile.ts';
import { rendered } from './rendered.ts';
import type { RunEnd } from './run-end.ts';
import { runEnvironment } from './run-environment.ts';
import { beforeNextProcess, noSigns, type RunSigns, withEvent } from './run-signs.ts';
import { stopReason } from './supervised-run.ts';
import { Transcript } from './transcript.ts';
import { tokensOf } from './usage.ts';

export interface HarnessResult {
  readonly end: RunEnd;
  readonly signs: RunSigns;
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
  /** The last of its rendered form: at most 60 lines and 8,192 bytes. */
  readonly tail: string;
  /** The last of its raw output that was no event, as evidence: standard error, and words that nobody planned. */
  readonly lastLines: string;
  readonly outputBytes: number;
  readonly durationMs: number;
  /** As far as it told, with its duration. */
  readonly usage: Usage;
  /** Words of `steer` that were answered with `now` and still reached nobody: the process told of them never came up. */
  readonly unheard: readonly string[];
}

export interface HarnessRun {
  /** Rejects only when a callback or the system fails; whatever the program does is a result. */
  readonly result: Promise<HarnessResult>;
  /** For beats. */
  outputBytes(): number;
  lastOutputAgeMs(): number;
  usage(): Usage | undefined;
  session(): string | undefined;
  /** Tells it something while it works, by interrupting it. `next_run`: it can't be told any more, or not at all. */
  steer(text: string): Promise<'now' | 'next_run'>;
  /** Ends it because of a limit that its user watches. */
  reach(limit: LimitName): void;
}

/** Starts a run. */
export function startHarness(
  adapter: Adapter,
  profile: HarnessProfile,
  input: HarnessInput,
  context: HarnessContext,
): HarnessRun {
  const run = new Run(adapter, profile, input, context);
  const result = run.carryOut();
  return {
    result,
    outputBytes: () => run.outputBytes(),
    lastOutputAgeMs: () => run.lastOutputAgeMs(),
    usage: () => run.usage(),
    session: () => run.session(),
    steer: (text) => run.steer(text),
    reach: (limit) => run.reach(limit),
  };
}

const STEERED = 'steered';

/** Words on their way. */
interface Steer {
  readonly text: string;
  readonly answer: (applied: 'now' | 'next_run') => void;
}

/** What a process is told, and in which conversation; absent: a new one. */
interface Telling {
  readonly promptFile: string;
  readonly promptText: string;
  readonly session?: string;
}

class Run {
  readonly #adapter: Adapter;
  readonly #profile: HarnessProfile;
  readonly #input: HarnessInput;
  readonly #context: HarnessContext;
  readonly #transcript: Transcript;
  readonly #lastLines = new OutputTail();
  readonly #startedAt: number;
  #signs: RunSigns = noSigns;
  #process: HarnessProcess | undefined;
  #told: Telling;
  /** Its present process is in its conversation. */
  #isUp = false;
  /** And has said or done something: what it was told is part of its conversation. */
  #isHeard = false;
  #earlierBytes = 0;
  #steers: Steer[] = [];
  #prompts = 0;
  #isOver = false;
  /** It holds for whatever process comes next, too. */
  #reached: LimitName | undefined;

  constructor(adapter: Adapter, profile: HarnessProfile, input: HarnessInput, context: HarnessContext) {
    this.#adapter = adapter;
    this.#profile = profile;
    this.#input = input;
    this.#context = context;
    const { transcriptFile: file, onText, log } = context;
    this.#transcript = new Transcript({
      log,
      ...(file === undefined ? {} : { file }),
      ...(onText === undefined ? {} : { onText }),
    });
    const { promptFile, promptText, resume: session } = input;
    this.#told = { promptFile, promptText, ...(session === undefined ? {} : { session }) };
    this.#startedAt = context.clock.monotonic();
  }

  outputBytes(): number {
    return this.#earlierBytes + (this.#process?.outputBytes() ?? 0);
  }

  lastOutputAgeMs(): number {
    return this.#process?.lastOutputAgeMs() ?? this.#runningMs();
  }

  usage(): Usage | undefined {
    return this.#signs.usage;
  }

  session(): string | undefined {
    return this.#signs.session;
  }

  steer(text: string): Promise<'now' | 'next_run'> {
    const { capabilities, resumed } = this.#adapter;
    if (this.#isOver || capabilities.steer !== 'resume' || resumed === undefined)
      return Promise.resolve('next_run');
    return new Promise((answer) => {
      this.#steers.push({ text, answer });
      this.#interrupt();
    });
  }

  reach(limit: LimitName): void {
    this.#reached ??= limit;
    this.#process?.reach(limit);
  }

  async carryOut(): Promise<HarnessResult> {
    const unheard: string[] = [];
    try {
      let end = await this.#begin();
      while (this.#isSteered(end)) {
        const steers = this.#steers.splice(0);
        let isStarted = false;
        const answerAll = (applied: 'now' | 'next_run'): void => {
          for (const { answer } of steers) answer(applied);
        };
        end = await this.#goOn(
          steers.map(({ text }) => text),
          () => {
            isStarted = true;
            answerAll('now');
          },
        );
        answerAll('next_run');
        if (isStarted && !this.#isUp) unheard.push(...steers.map(({ text }) => text));
      }
      return this.#toResult(end, unheard);
    } finally {
      this.#isOver = true;
      for (const { answer } of this.#steers) answer('next_run');
      await this.#transcript.close();
    }
  }

  /** Once it can be: its conversation must have a name, or nobody could go on in it. */
  #interrupt(): void {
    if (this.#steers.length > 0 && this.#isUp && this.#signs.session !== undefined)
      this.#process?.interrupt(STEERED);
  }

  #isSteered(end: RunEnd): boolean {
    const isStopped = end.how === 'stopped' && end.reason === STEERED;
    return isStopped && this.#context.signal?.aborted !== true;
  }

  /** A conversation of an earlier run may be gone, or bound to another folder: then one begins anew. */
  async #begin(): Promise<RunEnd> {
    const { session, ...prompt } = this.#told;
    const end = await this.#tell(this.#told);
    return this.#isLost(end, session) ? this.#tell(prompt) : end;
  }

  /**
   * Its process never came into the conversation that it was to go on in. Some say so and end, with whatever exit code;
   * some hang.
   */
  #isLost(end: RunEnd, session: string | undefined): boolean {
    const isOver = end.how === 'exited' || (end.how === 'limit' && end.limit === 'start');
    if (session === undefined || this.#isUp || !isOver) return false;
    this.#context.log.warn({ session }, 'a conversation could not be gone on with: one begins anew');
    return true;
  }

  /** Tells it those words in its conversation, or, where that cannot be gone on with, in a new one. */
  async #goOn(words: readonly string[], onUp: () => void): Promise<RunEnd> {
    const { session } = this.#signs;
    const before = this.#told;
    const telling =
      this.#isHeard && session !== undefined
        ? { ...(await this.#prompt(interruptPrompt(words))), session }
        : { ...before, ...(await this.#prompt(restartPrompt(words, '', before.promptText))) };
    const end = await this.#tell(telling, onUp);
    if (!this.#isLost(end, telling.session)) return end;
    const prompt = this.#context.promptNow?.() ?? this.#input.promptText;
    const anew = restartPrompt(words, this.#transcript.tail(), prompt);
    return this.#tell(await this.#prompt(anew), onUp);
  }

  async #prompt(promptText: string): Promise<Telling> {
    this.#prompts += 1;
    const promptFile = join(this.#input.records, `steer-${this.#prompts}.md`);
    await writeFile(promptFile, promptText, { mode: 0o600 });
    return { promptFile, promptText };
  }

  /** One process, to its end. */
  async #tell(telling: Telling, onUp?: () => void): Promise<RunEnd> {
    const { clock, log, environment, signal, logFile, onOutput, onStarted } = this.#context;
    const { timeoutMs, silenceMs, startMs, graceMs } = this.#profile;
    const left = timeoutMs === undefined ? undefined : timeoutMs - this.#runningMs();
    if (left !== undefined && left <= 0) return { how: 'limit', limit: 'wall' };
    // One that is being interrupted takes no second word: the limit came too late for it.
    if (this.#reached !== undefined) return { how: 'limit', limit: this.#reached };
    const invocation = this.#invocation(telling);
    if ('how' in invocation) return invocation;
    this.#told = telling;
    this.#isUp = false;
    this.#isHeard = false;
    this.#signs = beforeNextProcess(this.#signs);
    const earlier = this.outputBytes();
    const started = await startProcess({
      adapter: this.#adapter,
      invocation,
      cwd: this.#input.worktree,
      env: runEnvironment(this.#profile, this.#adapter, invocation, this.#input, environment),
      graceMs,
      clock,
      log,
      logBytes: Math.max(0, OUTPUT_LOG_BYTES - earlier),
      ...(left === undefined ? {} : { timeoutMs: left }),
      ...(silenceMs === undefined ? {} : { silenceMs }),
      ...(startMs === undefined ? {} : { startMs }),
      ...(signal === undefined ? {} : { signal }),
      ...(logFile === undefined ? {} : { logFile }),
      ...(onOutput === undefined ? {} : { onOutput }),
      onStarted: async (group) => {
        await onStarted?.(group);
        onUp?.();
      },
      onEvent: (event) => this.#take(event),
      onPlain: async (stream, bytes) => {
        this.#lastLines.push(stream, bytes);
        await this.#transcript.write(stream, bytes);
      },
    });
    this.#earlierBytes = earlier;
    this.#process = started;
    if (this.#reached !== undefined) started.reach(this.#reached);
    return (await started.ended).end;
  }

  #invocation({ session, ...prompt }: Telling): Invocation | Extract<RunEnd, { how: 'not-started' }> {
    const { fresh, resumed } = this.#adapter;
    const place = { ...this.#input, ...prompt };
    try {
      return session === undefined || resumed === undefined
        ? fresh(this.#profile, place)
        : resumed(this.#profile, place, session);
    } catch (error) {
      if (isWaggleError(error, 'start-failed')) return { how: 'not-started', message: error.message };
      throw error;
    }
  }

  async #take(event: HarnessEvent): Promise<void> {
    this.#signs = withEvent(this.#signs, event, this.#context.clock.now());
    if (event.kind === 'session') this.#isUp = true;
    if (event.kind === 'session' ? event.isHeard === true : event.kind === 'text' || event.kind === 'tool')
      this.#isHeard = true;
    await this.#transcript.write('stdout', rendered(event));
    await this.#context.onEvent?.(event);
    this.#interrupt();
    if (event.kind === 'usage') this.#judgeUsage();
  }

  #judgeUsage(): void {
    const { usage } = this.#signs;
    const { tokens, cost_usd } = this.#input.limits ?? {};
    if (tokens !== undefined && tokensOf(usage) >= tokens) this.reach('tokens');
    else if (cost_usd !== undefined && (usage?.cost_usd ?? 0) >= cost_usd) this.reach('cost');
  }

  #runningMs(): number {
    return this.#context.clock.monotonic() - this.#startedAt;
  }

  #toResult(end: RunEnd, unheard: readonly string[]): HarnessResult {
    const { signal } = this.#context;
    // It was being interrupted when it was stopped for good.
    const isCut = end.how === 'stopped' && end.reason === STEERED && signal?.aborted === true;
    const durationMs = Math.round(this.#runningMs());
    return {
      end: isCut ? { ...end, reason: stopReason(signal) } : end,
      signs: this.#signs,
      ...('exitCode' in end ? { exitCode: end.exitCode } : {}),
      ...('signal' in end ? { signal: end.signal } : {}),
      tail: this.#transcript.tail(),
      lastLines: this.#lastLines.text(),
      outputBytes: this.outputBytes(),
      durationMs,
      usage: { ...this.#signs.usage, duration_ms: durationMs },
      unheard,
    };
  }
}
