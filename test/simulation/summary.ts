/**
 * What many simulations came to: sums, what was violated, and how often each kind of trouble struck. A kind that never
 * struck in many seeds is said, because then nothing was proved of it.
 */
import { replayCommand } from './replay.ts';
import { troubleKinds } from './tally.ts';
import type { Violation } from './witness.ts';
import type { Outcome } from './world.ts';

/** In so many seeds each kind of trouble must have struck. */
export const TELLING_SEEDS = 50;

const counted = [
  'tasks',
  'claims',
  'commands',
  'batches',
  'commits',
  'takeovers',
  'budgets',
  'terms',
  'letters',
  'letters_told',
  'steps',
] as const;
/** Of a run with thousands of failures the first ones tell enough. */
const MOST_FAILURES = 100;

interface Failure {
  readonly seed: string;
  readonly violations: readonly Violation[];
  readonly replay: string;
}

export class Summary {
  readonly #sums: Record<(typeof counted)[number], number> = {
    tasks: 0,
    claims: 0,
    commands: 0,
    batches: 0,
    commits: 0,
    takeovers: 0,
    budgets: 0,
    terms: 0,
    letters: 0,
    letters_told: 0,
    steps: 0,
  };
  readonly #troubles = new Map<string, number>();
  readonly #failures: Failure[] = [];
  #seeds = 0;
  #failed = 0;
  #mostTasks = 0;
  #virtualMs = 0;

  get seeds(): number {
    return this.#seeds;
  }

  get failed(): number {
    return this.#failed;
  }

  add(seed: string, outcome: Outcome): void {
    this.#seeds += 1;
    this.#virtualMs += outcome.virtualMs;
    this.#mostTasks = Math.max(this.#mostTasks, outcome.tasks);
    for (const key of counted) this.#sums[key] += outcome[key];
    for (const [kind, count] of Object.entries(outcome.troubles))
      this.#troubles.set(kind, (this.#troubles.get(kind) ?? 0) + count);
    if (outcome.violations.length === 0) return;
    this.#failed += 1;
    if (this.#failures.length < MOST_FAILURES)
      this.#failures.push({ seed, violations: outcome.violations.slice(0, 5), replay: replayCommand(seed) });
  }

  /** Kinds of trouble that never struck, where there were seeds enough for each. */
  missing(): string[] {
    if (this.#seeds < TELLING_SEEDS) return [];
    return troubleKinds.filter((kind) => (this.#troubles.get(kind) ?? 0) === 0);
  }

  line(seconds: number): string {
    const perMinute = (this.#seeds / Math.max(seconds, 0.001)) * 60;
    return `${this.#seeds} seeds in ${Math.round(seconds)} s (${perMinute.toFixed(1)} a minute), ${this.#failed} with violations`;
  }

  text(seconds: number): string {
    const { steps, ...sums } = this.#sums;
    const troubles = troubleKinds.map((kind) => `${kind} ${this.#troubles.get(kind) ?? 0}`);
    const missing = this.missing();
    return [
      this.line(seconds),
      `  ${Object.entries(sums)
        .map(([key, count]) => `${count} ${key}`)
        .join(', ')}`,
      `  ${steps} events in ${(this.#virtualMs / 3_600_000).toFixed(1)} virtual hours; at most ${this.#mostTasks} tasks in one swarm`,
      `  trouble that struck: ${troubles.join(', ')}`,
      ...(missing.length === 0 ? [] : [`  trouble that never struck: ${missing.join(', ')}`]),
    ].join('\n');
  }

  json(seconds: number): string {
    return JSON.stringify({
      seeds: this.#seeds,
      seconds: Math.round(seconds),
      failed: this.#failed,
      ...this.#sums,
      virtual_ms: this.#virtualMs,
      most_tasks: this.#mostTasks,
      troubles: Object.fromEntries(troubleKinds.map((kind) => [kind, this.#troubles.get(kind) ?? 0])),
      missing: this.missing(),
      failures: this.#failures,
    });
  }
}
