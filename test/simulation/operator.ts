/**
 * People of a simulated swarm: they add tasks, and edit, cancel, retry and answer at moments that suit nobody. They use
 * the real client, on a machine that is never troubled.
 */
import type { BoardConfig, Command, QueryAnswerOf, TaskSpec } from '../../schemas/index.ts';
import { type BoardClient, createBoardClient } from '../../shared/bus/board-client.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import type { Facts } from './facts.ts';
import { LANES } from './plan.ts';
import { project } from './services.ts';

type Draft = Command extends infer C ? (C extends Command ? Omit<C, 'v' | 'id'> : never) : never;

export interface OperatorOptions {
  readonly swarm: Bus;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly facts: Facts;
}

const ANSWER_MS = 4_000;
/** Longer than the bus may be away, several times over. */
const PATIENCE_MS = 15 * 60_000;

/** Half as much again of every budget. */
function withMore(config: BoardConfig): BoardConfig {
  const { budgets } = config;
  if (budgets === undefined) return config;
  const entries = Object.entries(budgets).map(([scope, { tokens = 0 }]) => [
    scope,
    { tokens: Math.ceil(tokens * 1.5) },
  ]);
  return { ...config, budgets: Object.fromEntries(entries) };
}

export class Operator {
  readonly #options: OperatorOptions;
  readonly #client: BoardClient;

  constructor(options: OperatorOptions) {
    this.#options = options;
    const { swarm, clock } = options;
    this.#client = createBoardClient({ swarm, project, agent: 'operator', clock, timeoutMs: PATIENCE_MS });
  }

  /** A command, whatever becomes of it: it is repeated by its id until it is answered, or given up. */
  async say(draft: Draft): Promise<void> {
    const command = { v: 1, id: `o-${this.#options.random.id(12)}`, ...draft } as Command;
    await this.#client.command(command).catch((error: unknown) => {
      if (!isWaggleError(error)) throw error;
    });
  }

  add(specs: readonly TaskSpec[]): Promise<void> {
    return this.say({ kind: 'add', tasks: [...specs] });
  }

  /** Something that people do to a task or to the project. */
  async meddle(random: SeededRandom): Promise<void> {
    const { facts, clock } = this.#options;
    const { tasks, config } = facts;
    // People meddle most with what is under way.
    const busy = [...tasks].flatMap(([id, { submission }]) => (submission === undefined ? [] : [id]));
    const task = (random.chance(0.35) ? random.pick(busy) : undefined) ?? random.pick([...tasks.keys()]);
    if (task === undefined || config === undefined) return;
    const others = [...tasks.keys()];
    const because = { reason: 'a person said so' };
    const draws: readonly (() => Draft)[] = [
      () => ({ kind: 'cancel', task, ...because }),
      () => ({ kind: 'retry', task }),
      () => ({ kind: 'retry', task }),
      () => ({ kind: 'reopen', task }),
      () => ({ kind: 'answer', task, text: 'go on' }),
      () => ({ kind: 'answer', task, text: 'go on' }),
      () => ({ kind: 'block', task, ...because }),
      () => ({ kind: 'close', task, no_change: true }),
      () => ({ kind: 'start', task }),
      () => ({ kind: 'edit', task, patch: { priority: 'P0', heavy: random.chance(0.5) } }),
      () => ({ kind: 'edit', task, patch: { paths: [`src/${random.pick(['a', 'b', 'c'])}`] } }),
      () => ({ kind: 'edit', task, patch: { deps: [random.pick(others) ?? task] } }),
      () => ({ kind: 'edit', task, patch: { max_attempts: random.whole(1, 5) } }),
      () => ({ kind: 'profile', profile: random.pick(['alpha', 'beta']) ?? 'alpha', action: 'stop' }),
      () => ({ kind: 'profile', profile: random.pick(['alpha', 'beta']) ?? 'beta', action: 'resume' }),
      () => ({ kind: 'configure', config: withMore(config) }),
      () => ({
        kind: 'configure',
        config: { ...config, policies: { ...config.policies, max_grants: random.whole(3, 8) } },
      }),
    ];
    const draw = random.pick(draws);
    const draft = draw?.();
    if (draft === undefined) return;
    await this.say(draft);
    if (draft.kind !== 'profile' || draft.action !== 'stop') return;
    // Not for ever: while both rest nothing is tried that could go wrong.
    await clock.sleep(random.between(2_000, 20_000));
    await this.say({ kind: 'profile', profile: draft.profile, action: 'resume' });
  }

  /** An order to a worker. */
  async order(random: SeededRandom, agent: string): Promise<void> {
    const { swarm } = this.#options;
    const control = random.pick([
      { v: 1, kind: 'drain' },
      { v: 1, kind: 'stop' },
      { v: 1, kind: 'kill', reason: 'a person said so' },
      { v: 1, kind: 'pause', for_ms: 15_000 },
      { v: 1, kind: 'resume' },
    ] as const);
    if (control === undefined) return;
    const { payload, headers } = encode('Control', control);
    const subject = subjectsOf(project).request('control', agent);
    await swarm.request(subject, payload, { timeoutMs: ANSWER_MS, headers }).catch((error: unknown) => {
      if (!isWaggleError(error)) throw error;
    });
  }

  /** What is left to people when faults have stopped: nothing may wait for them by their own doing. */
  async tidy(): Promise<void> {
    const { facts } = this.#options;
    const { config } = facts;
    if (facts.spent.size > 0 && config !== undefined) {
      const { budgets: _, ...without } = config;
      await this.say({ kind: 'configure', config: without });
    }
    for (const profile of ['alpha', 'beta']) await this.say({ kind: 'profile', profile, action: 'resume' });
    for (const [task, { grant }] of facts.tasks) {
      if (grant?.grant.kind === 'manual') await this.say({ kind: 'close', task, no_change: true });
    }
    const status = await this.#status();
    for (const lane of LANES) {
      const found = status?.lanes[lane]?.moved_to;
      if (found === undefined) continue;
      const tip = facts.repository.branches.get(`waggle/${lane}`) ?? found;
      await this.say({ kind: 'lane_adopt', lane, tip });
    }
  }

  async #status(): Promise<QueryAnswerOf<'status'> | undefined> {
    try {
      return await this.#client.query<'status'>({ v: 1, kind: 'status' });
    } catch (error) {
      if (!isWaggleError(error)) throw error;
      return undefined;
    }
  }
}
