/**
 * The life of one harness: over one run, or, in continuous mode, over one run after another, each with its own grant, tree
 * and record. Socket, mail and output are the harness's; whose task they speak of is the run in hand.
 *
 * 1. A harness starts only with a run in hand, and is ended soon after it has none.
 * 2. The end of the right to the run in hand ends the harness.
 * 3. A run is handed in before the next is claimed. It is told of its end by word: who asks for more without having said
 *    that the task is done or blocked is refused, so an answer that got lost costs no attempt.
 */
import type { TaskGrant, Usage } from '../../schemas/index.ts';
import type { MoreWork, ReportDesk } from '../../shared/agent/granted-work.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import type { Applied } from '../../shared/agent/orders.ts';
import type { CurrentTask, TaskDesk } from '../../shared/agent/task-desk.ts';
import { messageOf, WaggleError } from '../../shared/errors.ts';
import type { HarnessRun } from '../../shared/harness/harness-run.ts';
import { addUsage, subtractUsage, tokensOf } from '../../shared/harness/usage.ts';
import { checkpointUntil } from './checkpointer.ts';
import { type HandedIn, handIn, handInFailure, tellUsage } from './hand-in.ts';
import { type EndedHarness, leftAtEnd, leftBetween } from './harness-left.ts';
import type { OutputRelay } from './output-relay.ts';
import { profileOf, type Run, type RunOptions } from './run-context.ts';
import type { RunHands } from './run-hands.ts';
import { transcriptOf } from './run-harness.ts';
import { RunLimits, timeoutOf } from './run-limits.ts';
import type { RunMail } from './run-mail.ts';

export interface ShiftOptions {
  readonly options: RunOptions;
  readonly hands: Pick<RunHands, 'open' | 'start' | 'ask'>;
  readonly desk: ReportDesk;
  readonly more: MoreWork;
  /** Aborts when the harness must end, with a run in hand or without. */
  readonly over: AbortSignal;
  readonly mail: RunMail;
  readonly relay: OutputRelay;
  /** Name of the profile. */
  readonly profile: string;
  /** Its first. */
  readonly run: Run;
}

/** How long a claim for the next task waits: shorter than what tools of agents wait for an answer. */
const NEXT_WAIT_MS = 20_000;
/** How long a harness may take to end when it has no task. */
const LINGER_MS = 60_000;
const NO_TASK = 'No task is in your hands: end your turn.';

export class Shift {
  readonly #options: ShiftOptions;
  readonly #end = new AbortController();
  readonly #over = new AbortController();
  #run: Run | undefined;
  #harness: HarnessRun | undefined;
  #checkpoints: { readonly end: AbortController; readonly done: Promise<void> } | undefined;
  #limits: RunLimits | undefined;
  /** What the runs before the one in hand used, and when it began, monotonic. */
  #usedBefore: Usage | undefined;
  #beganAt = 0;
  readonly #outputFile: string;
  /** The last that was handed in while the harness went on, and what it was known to have used. */
  #last: { readonly run: Run; readonly used: Usage } | undefined;
  #next: Promise<unknown> | undefined;

  constructor(options: ShiftOptions) {
    this.#options = options;
    this.#run = options.run;
    this.#outputFile = transcriptOf(options.run);
  }

  /** The task desk of whichever run is in hand. */
  readonly tasks: TaskDesk = {
    current: (signal) => this.#tasks().current(signal),
    progress: (text, signal) => this.#tasks().progress(text, signal),
    done: (note, signal) => this.#tasks().done(note, signal),
    block: (reason, signal) => this.#tasks().block(reason, signal),
    add: (draft, signal) => this.#tasks().add(draft, signal),
    next: (signal) => this.#takeNext(signal),
  };

  /** Tells the harness something while it works. */
  async steer(text: string): Promise<Applied> {
    return (await this.#harness?.steer(text)) ?? 'next_run';
  }

  /**
   * Works, from the first run on, until the harness has ended, and hands in what is in hand then. `begun` is called once
   * it runs. Rejects with what kept it from that; the run in hand is then `inHand`. Once.
   */
  async work(socket: string | undefined, begun: () => Promise<void>): Promise<Ended | undefined> {
    const { options, hands, relay, over, run: first } = this.#options;
    this.#take(first);
    const stop = () => this.#end.abort(over.reason);
    if (over.aborted) stop();
    over.addEventListener('abort', stop, { once: true });
    let ended: EndedHarness;
    try {
      const started = hands.start(first, {
        relay,
        signal: this.#end.signal,
        begun,
        promptNow: () => this.#run?.prompt.text ?? NO_TASK,
        onUsage: () => this.#limits?.used(this.#used(this.#harness?.usage())),
        ...(socket === undefined ? {} : { socket }),
      });
      this.#harness = started.harness;
      ended = await started.ended;
    } finally {
      over.removeEventListener('abort', stop);
      this.#over.abort();
      await this.#next?.catch(() => undefined);
      await this.#stopWatching();
    }
    await this.#keepUnheard(ended.result.unheard);
    const run = this.#run;
    if (run === undefined) {
      await this.#tellRest(ended.result.usage);
      return undefined;
    }
    // A harness that was stopped is not asked whether to go on.
    const asked = ended.result.end.how === 'exited' ? await hands.ask(run, run.held.signal) : undefined;
    const durationMs = Math.round(options.clock.monotonic() - this.#beganAt);
    const used = { ...addUsage(this.#used(ended.result.usage), asked), duration_ms: durationMs };
    const left = leftAtEnd(options, run, ended, used);
    const handedIn = await handIn(run, left);
    this.#run = undefined;
    this.#say(run, handedIn);
    return { run, ...handedIn, hasStarted: ended.hasStarted };
  }

  /** The run that nobody has handed in yet. */
  get inHand(): Run | undefined {
    return this.#run;
  }

  #tasks(): TaskDesk {
    if (this.#run !== undefined) return this.#run.tasks;
    const message = 'no task is in your hands: the last one was handed in; end your turn';
    throw new WaggleError('refused', { message, reason: 'no-task' });
  }

  /** Words that cannot be kept must not take the end of the run with them. */
  async #keepUnheard(texts: readonly string[]): Promise<void> {
    const { words, randomId, log, agent } = this.#options.options;
    for (const text of texts) {
      await words.put(randomId(), 'interrupt', text).catch((error: unknown) => {
        log.error({ agent, reason: messageOf(error), text }, "an operator's word reached no harness");
      });
    }
  }

  /** Whether the harness has ended, or is being ended. */
  get #isEnding(): boolean {
    return this.#over.signal.aborted || this.#end.signal.aborted;
  }

  /** From now on this run is in hand. */
  #take(run: Run): void {
    const { clock, log, checkpointMs, offers } = this.#options.options;
    this.#run = run;
    this.#beganAt = clock.monotonic();
    const { held } = run;
    const stop = () => this.#end.abort(held.signal.reason);
    if (held.signal.aborted) stop();
    held.signal.addEventListener(
      'abort',
      () => {
        if (this.#run?.held === held) stop();
      },
      { once: true },
    );
    held.follow(() => {
      const usage = this.#used(this.#harness?.usage());
      return {
        phase: 'running',
        outputBytes: this.#harness?.outputBytes() ?? 0,
        // A word of progress is a sign of it as good as output.
        outputAgeMs: Math.min(
          this.#harness?.lastOutputAgeMs() ?? clock.monotonic() - this.#beganAt,
          run.tasks.progressAgeMs(),
        ),
        profile: run.profile,
        ...(usage === undefined ? {} : { usage }),
      };
    });
    offers.only(run.profile);
    const end = new AbortController();
    const { tree } = run.workspace;
    const done = checkpointUntil(
      { tree, desk: this.#options.desk, intervalMs: checkpointMs, clock, log },
      end.signal,
    );
    this.#checkpoints = { end, done };
    if (this.#options.options.mode === 'single-task') return;
    const timeoutMs = timeoutOf(profileOf(this.#options.options, run.profile), run.grant.budget?.duration_ms);
    const { budget } = run.grant;
    const watched = { timeoutMs, ...(budget === undefined ? {} : { budget }) };
    this.#limits = new RunLimits(watched, clock, (limit) => this.#harness?.reach(limit));
  }

  /** What accompanies the run in hand ends. */
  async #stopWatching(): Promise<void> {
    this.#limits?.stop();
    this.#checkpoints?.end.abort();
    await this.#checkpoints?.done;
    this.#checkpoints = undefined;
  }

  /** What the run in hand has used of that. */
  #used(usage: Usage | undefined): Usage | undefined {
    return usage === undefined ? undefined : subtractUsage(usage, this.#usedBefore);
  }

  async #takeNext(signal: AbortSignal | undefined): Promise<CurrentTask | undefined> {
    const { options } = this.#options;
    if (options.mode === 'single-task') return this.#tasks().next(signal);
    // Somebody whom the harness left behind may still speak: what is in hand is being handed in.
    if (this.#isEnding) {
      const message = 'there is no next task: this harness has ended, or is being ended; end your turn';
      throw new WaggleError('refused', { message, reason: 'no-task' });
    }
    if (this.#next !== undefined) {
      throw new WaggleError('refused', {
        message: 'the next task is being taken already: wait for that answer',
        reason: 'busy',
      });
    }
    const next = this.#handInAndTake(signal);
    this.#next = next;
    try {
      return await next;
    } finally {
      this.#next = undefined;
    }
  }

  async #handInAndTake(signal: AbortSignal | undefined): Promise<CurrentTask | undefined> {
    const { more } = this.#options;
    await this.#handInDone();
    const until = AbortSignal.any([
      this.#over.signal,
      this.#end.signal,
      ...(signal === undefined ? [] : [signal]),
    ]);
    for (;;) {
      const held = await more(NEXT_WAIT_MS, until);
      if (held === undefined || held.grant.kind !== 'work') {
        this.#linger();
        return undefined;
      }
      const run = await this.#open(held, held.grant);
      if (run !== undefined) return run.tasks.current();
    }
  }

  /** Hands in the run of which the harness has said that it is over. */
  async #handInDone(): Promise<void> {
    const { options } = this.#options;
    const run = this.#run;
    if (run === undefined) return;
    const word = run.tasks.word();
    if (word === undefined) {
      const message = `${run.grant.task} is in your hands: \`waggle task done\` or \`waggle task block\` it first (\`waggle task current\` shows it)`;
      throw new WaggleError('refused', { message, reason: 'task-in-hand' });
    }
    if (run.held.signal.aborted) {
      throw new WaggleError('refused', {
        message: `${run.grant.task} is taken from you: end your turn`,
        reason: 'fenced',
      });
    }
    await this.#stopWatching();
    const all = this.#harness?.usage();
    const durationMs = options.clock.monotonic() - this.#beganAt;
    const left = leftBetween(options, run, this.#outputFile, this.#used(all), durationMs);
    try {
      this.#say(run, await handIn(run, left));
    } catch (error) {
      await handInFailure(options, run, run, error);
    }
    this.#last = { run, used: left.usage };
    this.#usedBefore = all;
    this.#run = undefined;
  }

  /** Some harnesses say what they used only at their end: what nobody was told of yet is the last run's. */
  async #tellRest(all: Usage): Promise<void> {
    if (this.#last === undefined) return;
    const { duration_ms: _, ...rest } = subtractUsage(all, this.#usedBefore);
    const { run, used } = this.#last;
    if (tokensOf(rest) > 0 || (rest.cost_usd ?? 0) > 0)
      await tellUsage(run, { ...used, ...addUsage(used, rest) });
  }

  /** Undefined when it could not be opened, which is reported, or when nobody is there to work on it. */
  async #open(held: HeldGrant, grant: TaskGrant): Promise<Run | undefined> {
    const { options, hands, desk, mail, profile } = this.#options;
    let run: Run | undefined;
    try {
      const unread = mail.unread(held.signal);
      run = await hands.open({ held, grant, desk, profile, words: [], mail: unread });
      if (!this.#isEnding && !held.signal.aborted) {
        this.#take(run);
        return run;
      }
      const why = 'its harness had ended before it was told of the task';
      held.end('halt', why);
      await handInFailure(options, run, run, new Error(why));
    } catch (error) {
      await handInFailure(options, { held, grant, desk }, run, error);
    }
    return undefined;
  }

  /** A harness without a task is there for nothing. */
  #linger(): void {
    const { clock, log, agent } = this.#options.options;
    clock.sleep(LINGER_MS, this.#over.signal).then(
      () => {
        if (this.#run !== undefined || this.#next !== undefined) return;
        log.warn({ agent }, 'the harness goes on without a task; it is ended');
        this.#end.abort('no task');
      },
      () => undefined,
    );
  }

  #say({ grant }: Run, { outcome, reason }: HandedIn): void {
    const { relay, options } = this.#options;
    relay.say(`run ${grant.run} of ${grant.task}: ${outcome}: ${reason}`);
    options.log.info({ task: grant.task, fence: grant.fence, outcome }, reason);
  }
}

/** A harness that ended with a run in hand. */
export interface Ended extends HandedIn {
  readonly run: Run;
  /** Whether it gave a sign of life. */
  readonly hasStarted: boolean;
}
