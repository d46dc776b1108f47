/**
 * The trouble that a plan holds for a swarm: carries each step out, and notes those that really struck. Knows no rule;
 * draws only from the step's own source, so that one step fewer leaves the others as they are.
 */
import type { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import type { AccountName, SimulatedServer } from '../../shared/bus/simulated/server.ts';
import { assertNever } from '../../shared/errors.ts';
import type { Correspondents } from './correspondents.ts';
import { Disk } from './disk.ts';
import type { Facts } from './facts.ts';
import type { Node } from './node.ts';
import type { Operator } from './operator.ts';
import { LANES, type Plan, type Step } from './plan.ts';
import { type CommitStep, commitSteps, type Repository } from './repository.ts';
import { SnapshotSpoiler } from './snapshot-spoiler.ts';
import type { Tally } from './tally.ts';

export interface TroubleOptions {
  readonly plan: Plan;
  readonly server: SimulatedServer;
  readonly facts: Facts;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly repository: Repository;
  readonly operator: Operator;
  readonly correspondents: Correspondents;
  readonly tally: Tally;
  /** Another machine that runs under the name of a worker, on that disk. */
  readonly twinOf: (name: string, random: SeededRandom, disk: Disk) => Node;
  /** Sees to it that what goes wrong in there is told. */
  readonly attend: (work: Promise<void>) => void;
}

interface LateCommit {
  readonly step: CommitStep;
  readonly kills: boolean;
  readonly ms: number;
  readonly afterMs: number;
  /** How long after that somebody cancels the task. */
  readonly cancelMs: number | undefined;
}

export class Trouble {
  readonly #options: TroubleOptions;
  readonly #spoiler: SnapshotSpoiler;
  readonly #twins = new Set<Node>();
  /** What is to happen to the next committer that takes a step. */
  readonly #lateCommits: LateCommit[] = [];
  #isOver = false;
  #faultsUntil = 0;

  constructor(options: TroubleOptions) {
    this.#options = options;
    this.#spoiler = new SnapshotSpoiler(options.server);
    options.repository.onStep = (agent, step) => this.#atCommitStep(agent, step);
  }

  get areMessagesFaulty(): boolean {
    return !this.#isOver && this.#options.server.timeline.now < this.#faultsUntil;
  }

  /** From now on nothing more goes wrong; who only troubled leaves for ever. */
  end(): void {
    this.#isOver = true;
    for (const twin of this.#twins) twin.retire();
    this.#twins.clear();
  }

  strike(step: Step): void {
    if (this.#carryOut(step)) this.#options.tally.note(step.kind);
  }

  /** False where there was nothing to strike. */
  #carryOut({ kind, random, target }: Step): boolean {
    const { plan, server, facts, nodes, repository, operator, correspondents, attend } = this.#options;
    const { timeline } = server;
    const node = nodes.get(target ?? this.#target(random));
    const worker = random.pick(plan.workers)?.name ?? '';
    if (node === undefined) return false;
    const leaseMs = plan.config.policies.lease_ms;
    switch (kind) {
      case 'crash':
        return this.#crash(
          node.name,
          random.chance(0.7) ? random.between(50, 4_000) : random.between(0, 40_000),
        );
      case 'stop':
        return node.stop(
          random.chance(0.5) ? random.between(100, leaseMs) : random.between(leaseMs, 4 * leaseMs),
          false,
        );
      case 'sleep':
        return node.stop(random.between(leaseMs / 2, 4 * leaseMs), true);
      case 'cut': {
        const accounts: AccountName[] = [random.chance(0.6) ? 'swarm' : 'core'];
        if (random.chance(0.3)) accounts.push('core');
        const ms = random.chance(0.6) ? random.between(500, 12_000) : random.between(200, 30_000);
        const way = random.pick(['both', 'both', 'up', 'down'] as const) ?? 'both';
        for (const account of accounts) node.cut(account, way);
        if (way !== 'both' && node.isUp) this.#options.tally.note('cut-one-way');
        timeline.plan(ms, `heal ${node.name}`, () => node.heal());
        return node.isUp;
      }
      case 'bus-restart': {
        const wasUp = server.isUp;
        server.kill();
        const soonMs = random.between(100, 8_000);
        const isLong = random.chance(0.15);
        const downMs = isLong ? random.between(30_000, 90_000) : soonMs;
        if (isLong && wasUp) this.#options.tally.note('bus-away-long');
        timeline.plan(downMs, 'bus up', () => server.restart());
        return wasUp;
      }
      case 'clock-jump':
        node.clock.jump(random.between(-120_000, 120_000));
        facts.haveClocksJumped ||= plan.orchestrators.includes(node.name);
        return true;
      case 'bus-clock-jump':
        server.jump(random.between(-60_000, 60_000));
        return true;
      case 'message-faults':
        this.#faultsUntil = timeline.now + random.between(2_000, 30_000);
        return true;
      case 'operator':
        attend(operator.meddle(random));
        return true;
      case 'control':
        attend(operator.order(random, worker));
        return true;
      case 'foreign-push':
        return repository.pushForeign(`waggle/${random.pick(LANES)}`) !== undefined;
      case 'storm':
        return this.#storm(random);
      case 'late-committer':
        this.#delayCommit(random);
        return true;
      case 'letter':
        for (let n = 0; n < 3; n += 1) attend(correspondents.write(random.fork(`letter ${n}`), worker));
        return true;
      case 'name-twice':
        return this.#double(worker, random, new Disk(random.fork('disk')));
      case 'copied-state': {
        const original = nodes.get(worker);
        return (
          original !== undefined && this.#double(worker, random, original.disk.copy(random.fork('disk')))
        );
      }
      case 'snapshot-damage':
        return this.#spoilSnapshot(random);
      default:
        return assertNever(kind);
    }
  }

  /** Whoever leads and commits is troubled more often than one of many workers. */
  #target(random: SeededRandom): string {
    const { orchestrators, committers, takers, workers } = this.#options.plan;
    const draw = random.next();
    if (draw < 0.3) return random.pick(orchestrators) ?? '';
    if (draw < 0.5) return random.pick(committers) ?? '';
    if (draw < 0.57) return random.pick(takers) ?? '';
    return random.pick(workers)?.name ?? '';
  }

  /** Nobody leads for a while, and workers die meanwhile, with what they could not deliver. */
  #storm(random: SeededRandom): boolean {
    const { plan, server } = this.#options;
    const lengthMs = random.between(1_000, 12_000);
    for (const name of plan.orchestrators) this.#crash(name, lengthMs + random.between(0, 500));
    for (const { name } of plan.workers) {
      if (!random.chance(0.5)) continue;
      server.timeline.plan(random.between(0, lengthMs * 1.2), `storm ${name}`, () =>
        this.#crash(name, random.between(50, 1_500)),
      );
    }
    return true;
  }

  /**
   * Waits for a committer that is about to take some step, and kills it there, or stops it for about as long as it takes
   * others to take its commit up.
   */
  #delayCommit(random: SeededRandom): void {
    const step = random.pick(commitSteps) ?? 'land';
    const kills = random.chance(0.4);
    const leaseMs = this.#options.plan.config.policies.lease_ms;
    const ms = kills ? random.between(50, 4_000) : random.between(leaseMs * 0.9, leaseMs * 1.2);
    const afterMs = random.between(0, kills ? 300 : 4);
    const cancelMs = kills && random.chance(0.5) ? random.between(20, ms) : undefined;
    this.#lateCommits.push({ step, kills, ms, afterMs, cancelMs });
  }

  #atCommitStep(agent: string, step: CommitStep): void {
    const { nodes, server } = this.#options;
    const at = this.#lateCommits.findIndex((late) => late.step === step);
    const [late] = at < 0 || this.#isOver ? [] : this.#lateCommits.splice(at, 1);
    if (late === undefined) return;
    const { facts, operator, attend } = this.#options;
    const task = [...facts.live.values()].find(({ grant }) => grant.agent === agent)?.task;
    const { cancelMs } = late;
    server.timeline.plan(late.afterMs, `late ${agent}`, () => {
      if (cancelMs !== undefined && task !== undefined)
        server.timeline.plan(cancelMs, `cancel ${task}`, () =>
          attend(operator.say({ kind: 'cancel', task, reason: 'a person said so' })),
        );
      if (late.kills) this.#crash(agent, late.ms);
      else nodes.get(agent)?.stop(late.ms, false);
    });
  }

  /** A second machine takes a worker's name for a while. */
  #double(name: string, random: SeededRandom, disk: Disk): boolean {
    const { facts, server, twinOf } = this.#options;
    const twin = twinOf(name, random, disk);
    facts.doubled.add(name);
    this.#twins.add(twin);
    twin.start();
    server.timeline.plan(random.between(5_000, 60_000), `twin of ${name} goes`, () => {
      twin.retire();
      this.#twins.delete(twin);
    });
    return true;
  }

  /** Whoever leads next finds the newest snapshot damaged, or none. */
  #spoilSnapshot(random: SeededRandom): boolean {
    if (!this.#spoiler.spoil(random)) return false;
    for (const name of this.#options.plan.orchestrators) this.#crash(name, random.between(50, 3_000));
    return true;
  }

  #crash(name: string, downMs: number): boolean {
    const { nodes, server } = this.#options;
    const node = nodes.get(name);
    const wasUp = node?.isUp === true;
    node?.kill();
    server.timeline.plan(downMs, `up ${name}`, () => node?.start());
    return wasUp;
  }
}
