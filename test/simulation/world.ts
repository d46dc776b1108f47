/**
 * A simulated swarm: its server, its machines and people, the trouble that a plan holds for it, and the quiet after. One
 * seed decides everything; the same plan gives the same history.
 */
import {
  applyClaim,
  applyCommand,
  applyLook,
  applyMail,
  applyReport,
  applyUsage,
} from '../../shared/board/decide.ts';
import { connectSimulated } from '../../shared/bus/simulated/connect.ts';
import { noFaults, randomFaults } from '../../shared/bus/simulated/faults.ts';
import { steadyHost } from '../../shared/bus/simulated/host.ts';
import { HostClock } from '../../shared/bus/simulated/host-clock.ts';
import { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import { SimulatedServer } from '../../shared/bus/simulated/server.ts';
import { Timeline } from '../../shared/bus/simulated/timeline.ts';
import { isWaggleError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { Facts } from './facts.ts';
import { type HarnessModel, usualRuns } from './harness.ts';
import { Node, type Service } from './node.ts';
import { Operator } from './operator.ts';
import type { Plan, Step } from './plan.ts';
import { LANES } from './plan.ts';
import { Repository } from './repository.ts';
import { type Alterations, servicesOf } from './services.ts';
import { isFinal, type Violation, Witness } from './witness.ts';

export interface WorldOptions {
  readonly alterations?: Alterations;
  readonly model?: HarnessModel;
  readonly log?: (name: string) => Log;
}

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly virtualMs: number;
  readonly steps: number;
  readonly crashes: number;
  readonly claims: number;
  readonly commands: number;
  readonly batches: number;
  readonly tasks: number;
  readonly commits: number;
  readonly takeovers: number;
  readonly terms: number;
  /** Of the whole history, and of the journal. */
  readonly digest: string;
}

/** How long after the last trouble everything must have ended. */
const QUIET_MS = 40 * 60_000;
const LOOK_MS = 5_000;
const EARLY_MS = 30_000;

const realDeciders = { applyClaim, applyCommand, applyReport, applyMail, applyLook, applyUsage };

export class World {
  readonly plan: Plan;
  readonly timeline: Timeline;
  readonly server: SimulatedServer;
  readonly facts: Facts;
  readonly witness: Witness;
  readonly nodes = new Map<string, Node>();
  readonly #random: SeededRandom;
  readonly #repository = new Repository();
  readonly #operator: Operator;
  #isTroubled = true;
  #faultsUntil = 0;
  #crashes = 0;

  constructor(plan: Plan, options: WorldOptions = {}) {
    this.plan = plan;
    this.#random = new SeededRandom(`world ${plan.seed}`);
    this.timeline = new Timeline(this.#random.fork('timeline'));
    const faults = randomFaults(this.#random.fork('faults'), plan.rates, () => this.#areMessagesFaulty());
    this.server = new SimulatedServer({
      timeline: this.timeline,
      random: this.#random.fork('server'),
      faults: plan.steps.length === 0 ? noFaults : faults,
    });
    this.facts = new Facts(this.#repository);
    this.witness = new Witness(this.timeline, this.facts);
    this.server.observer = this.witness;
    const services = servicesOf({
      repository: this.#repository,
      alterations: options.alterations ?? {},
      model: options.model ?? usualRuns,
      electionLeaseMs: plan.electionLeaseMs,
      realDeciders,
      onKept: (agent, report) => {
        if (isFinal(report)) this.facts.kept.set(report.id, { report, agent, at: this.timeline.now });
      },
      onLeading: () => {},
      ...(options.log === undefined ? {} : { log: options.log }),
    });
    for (const name of plan.orchestrators) this.#addNode(name, services.orchestrator);
    for (const { name, labels } of plan.workers) this.#addNode(name, services.worker(labels));
    for (const name of plan.committers) this.#addNode(name, services.committer);
    for (const name of plan.takers) this.#addNode(name, services.taker);
    const host = steadyHost('operator');
    this.#operator = new Operator({
      swarm: connectSimulated({ server: this.server, account: 'swarm', host }).bus,
      clock: new HostClock(this.timeline, host),
      random: this.#random.fork('operator'),
      facts: this.facts,
    });
  }

  /** Lets the plan happen, then waits until the swarm is quiet. */
  async run(): Promise<Outcome> {
    const { plan, timeline } = this;
    for (const node of this.nodes.values())
      timeline.plan(this.#random.between(0, 3_000), `start ${node.name}`, () => node.start());
    // People wait for the answer before they go on: a batch names tasks of those before it.
    let said = Promise.resolve();
    const inTurn = (work: () => Promise<void>) => {
      said = said.then(work);
      this.#do(said);
    };
    timeline.plan(500, 'configure', () =>
      inTurn(() => this.#operator.say({ kind: 'configure', config: plan.config })),
    );
    for (const { at, specs } of plan.tasks)
      timeline.plan(at, 'add', () => inTurn(() => this.#operator.add(specs)));
    for (const step of plan.steps) timeline.plan(step.at, `step ${step.kind}`, () => this.#trouble(step));
    const lastAt = Math.max(0, ...plan.tasks.map(({ at }) => at), ...plan.steps.map(({ at }) => at));
    await timeline.runUntil(lastAt + 40_000);
    await this.#calm();
    this.witness.conclude();
    return this.#outcome();
  }

  #addNode(name: string, service: Service): void {
    const random = this.#random.fork(name);
    this.nodes.set(
      name,
      new Node({
        server: this.server,
        random,
        name,
        service,
        rate: random.between(0.996, 1.004),
        offsetMs: random.between(-2_000, 2_000),
        onEnd: (ended, error) => this.#ended(ended, error),
      }),
    );
  }

  /** A service may end because the swarm will not have it (any more); what else it throws is a fault. */
  #ended(name: string, error: unknown): void {
    if (error === undefined || isWaggleError(error, 'incarnation-ended')) return;
    // Before the project is configured nobody has a role, and the refusal may come a moment after it is.
    const isEarly = this.timeline.now - (this.facts.configuredAt ?? this.timeline.now) < EARLY_MS;
    if (isWaggleError(error, 'refused') && error.details['reason'] === 'wrong-role' && isEarly) return;
    this.witness.accuse(
      0,
      `${name} ended with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }

  #do(work: Promise<void>): void {
    work.catch((error: unknown) => this.#ended('operator', error));
  }

  #areMessagesFaulty(): boolean {
    return this.#isTroubled && this.timeline.now < this.#faultsUntil;
  }

  #trouble({ kind, random, target }: Step): void {
    const node = this.nodes.get(target ?? this.#target(random));
    const worker = random.pick(this.plan.workers)?.name ?? '';
    if (node === undefined) return;
    const leaseMs = this.plan.config.policies.lease_ms;
    switch (kind) {
      case 'crash':
        this.#crash(node.name, random.chance(0.7) ? random.between(50, 4_000) : random.between(0, 40_000));
        break;
      case 'stop':
        node.stop(
          random.chance(0.5) ? random.between(100, leaseMs) : random.between(leaseMs, 4 * leaseMs),
          false,
        );
        break;
      case 'sleep':
        node.stop(random.between(leaseMs / 2, 4 * leaseMs), true);
        break;
      case 'cut': {
        node.cut(random.chance(0.6) ? 'swarm' : 'core');
        if (random.chance(0.3)) node.cut('core');
        const ms = random.chance(0.6) ? random.between(500, 12_000) : random.between(200, 30_000);
        this.timeline.plan(ms, `heal ${node.name}`, () => node.heal());
        break;
      }
      case 'bus-restart':
        this.server.kill();
        this.timeline.plan(random.between(100, 8_000), 'bus up', () => this.server.restart());
        break;
      case 'clock-jump':
        node.clock.jump(random.between(-120_000, 120_000));
        break;
      case 'bus-clock-jump':
        this.server.jump(random.between(-60_000, 60_000));
        break;
      case 'message-faults':
        this.#faultsUntil = this.timeline.now + random.between(2_000, 30_000);
        break;
      case 'operator':
        this.#do(this.#operator.meddle(random));
        break;
      case 'control':
        this.#do(this.#operator.order(random, worker));
        break;
      case 'foreign-push':
        this.#repository.pushForeign(`waggle/${random.pick(LANES)}`);
        break;
      case 'storm':
        this.#storm(random);
        break;
      case 'late-committer':
        this.#delayCommit(random);
        break;
      case 'letter':
        this.#do(this.#operator.write(worker));
        break;
    }
  }

  /** Whoever leads and commits is troubled more often than one of many workers. */
  #target(random: SeededRandom): string {
    const { orchestrators, committers, takers, workers } = this.plan;
    const draw = random.next();
    if (draw < 0.3) return random.pick(orchestrators) ?? '';
    if (draw < 0.5) return random.pick(committers) ?? '';
    if (draw < 0.57) return random.pick(takers) ?? '';
    return random.pick(workers)?.name ?? '';
  }

  /** Nobody leads for a while, and workers die meanwhile, with what they could not deliver. */
  #storm(random: SeededRandom): void {
    const { orchestrators, workers } = this.plan;
    const lengthMs = random.between(1_000, 12_000);
    for (const name of orchestrators) this.#crash(name, lengthMs + random.between(0, 500));
    for (const { name } of workers) {
      if (!random.chance(0.5)) continue;
      this.timeline.plan(random.between(0, lengthMs * 1.2), `storm ${name}`, () =>
        this.#crash(name, random.between(50, 1_500)),
      );
    }
  }

  /** Stops a committer with a commit in hand for about as long as it takes others to take it up; waits for one. */
  #delayCommit(random: SeededRandom, tries = 100): void {
    const leaseMs = this.plan.config.policies.lease_ms;
    const busy = [...this.facts.tasks.values()].find(({ grant }) => grant?.grant.kind === 'commit')?.grant;
    const node = this.nodes.get(busy?.grant.agent ?? '');
    if (node !== undefined) node.stop(random.between(leaseMs * 0.8, leaseMs * 1.6), false);
    else if (tries > 0) this.timeline.plan(200, 'late commit', () => this.#delayCommit(random, tries - 1));
  }

  #crash(name: string, downMs: number): void {
    const node = this.nodes.get(name);
    this.#crashes += 1;
    node?.kill();
    this.timeline.plan(downMs, `up ${name}`, () => node?.start());
  }

  async #calm(): Promise<void> {
    this.#isTroubled = false;
    if (!this.server.isUp) this.server.restart();
    const until = this.timeline.now + (this.plan.quietMs ?? QUIET_MS);
    for (let look = 0; this.timeline.now < until; look += 1) {
      for (const node of this.nodes.values()) {
        node.heal();
        node.start();
      }
      if (look % 6 === 0) this.#do(this.#operator.tidy());
      await this.timeline.runUntil(this.timeline.now + LOOK_MS);
      if (look > 6 && this.#isQuiet()) return;
    }
  }

  /** Nothing lives, nothing waits to be sent, nothing is ready. */
  #isQuiet(): boolean {
    for (const { grant, state } of this.facts.tasks.values()) {
      if (grant !== undefined || state === 'submitted' || state === 'claimed') return false;
    }
    for (const { disk } of this.nodes.values()) if (disk.entries.length > 0) return false;
    return !this.#hasOpenEnds();
  }

  #hasOpenEnds(): boolean {
    const violations = this.witness.violations.length;
    this.witness.conclude();
    return this.witness.violations.splice(violations).some(({ rule }) => rule === 4);
  }

  #outcome(): Outcome {
    const { facts, witness, timeline } = this;
    return {
      violations: witness.violations,
      virtualMs: Math.round(timeline.now),
      steps: timeline.steps,
      crashes: this.#crashes,
      claims: witness.claims,
      commands: witness.commands,
      batches: facts.batches,
      tasks: facts.tasks.size,
      commits: facts.landed.length,
      takeovers: facts.takeovers,
      terms: facts.terms,
      digest: `${timeline.digest}-${facts.events}`,
    };
  }
}
