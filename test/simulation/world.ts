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
import { Correspondents } from './correspondents.ts';
import type { Disk } from './disk.ts';
import { Facts } from './facts.ts';
import { forgettableAny } from './forgettable-any.ts';
import { type HarnessModel, usualRuns } from './harness.ts';
import { Node, type Service } from './node.ts';
import { Operator } from './operator.ts';
import type { Plan } from './plan.ts';
import { Repository } from './repository.ts';
import { type Alterations, project, servicesOf } from './services.ts';
import { counted, Tally } from './tally.ts';
import { Trouble } from './trouble.ts';
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
  /** How often each kind of trouble struck. */
  readonly troubles: Readonly<Record<string, number>>;
  readonly claims: number;
  readonly commands: number;
  readonly batches: number;
  readonly tasks: number;
  readonly commits: number;
  readonly takeovers: number;
  /** Budgets that were used up. */
  readonly budgets: number;
  readonly terms: number;
  readonly letters: number;
  /** Letters that were overdue or dead. */
  readonly letters_told: number;
  /** Of the whole history, and of the journal. */
  readonly digest: string;
}

/** How long after the last trouble everything must have ended. */
const QUIET_MS = 40 * 60_000;
const LOOK_MS = 5_000;
const EARLY_MS = 30_000;
/** Starting, with a tree for each of many runs. */
const TAKE_UP_MS = 20_000;

const realDeciders = { applyClaim, applyCommand, applyReport, applyMail, applyLook, applyUsage };

export class World {
  readonly plan: Plan;
  readonly timeline: Timeline;
  readonly server: SimulatedServer;
  readonly facts: Facts;
  readonly witness: Witness;
  readonly nodes = new Map<string, Node>();
  /** How often each kind of trouble really struck. */
  readonly tally = new Tally();
  readonly #random: SeededRandom;
  readonly #repository = new Repository();
  readonly #operator: Operator;
  readonly #correspondents: Correspondents;
  readonly #trouble: Trouble;

  constructor(plan: Plan, options: WorldOptions = {}) {
    this.plan = plan;
    this.#random = new SeededRandom(`world ${plan.seed}`);
    this.timeline = new Timeline(this.#random.fork('timeline'));
    const areFaulty = () => this.#trouble.areMessagesFaulty;
    const faults = counted(randomFaults(this.#random.fork('faults'), plan.rates, areFaulty), this.tally);
    this.server = new SimulatedServer({
      timeline: this.timeline,
      random: this.#random.fork('server'),
      faults: plan.steps.length === 0 ? noFaults : faults,
    });
    this.facts = new Facts(this.#repository);
    this.witness = new Witness(this.timeline, this.facts, project);
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
      onNoTree: () => this.tally.note('no-tree'),
      onBatch: (payload) => this.witness.decided(payload),
      ...(options.log === undefined ? {} : { log: options.log }),
    });
    for (const name of plan.orchestrators) this.#addNode(name, services.orchestrator);
    for (const { name, labels, mode } of plan.workers) this.#addNode(name, services.worker(labels, mode));
    for (const name of plan.committers) this.#addNode(name, services.committer);
    for (const name of plan.takers) this.#addNode(name, services.taker);
    const host = steadyHost('operator');
    const { bus: swarm } = connectSimulated({ server: this.server, account: 'swarm', host });
    const clock = new HostClock(this.timeline, host);
    this.#operator = new Operator({
      swarm,
      clock,
      random: this.#random.fork('operator'),
      facts: this.facts,
    });
    this.#correspondents = new Correspondents({ swarm, clock });
    this.#trouble = new Trouble({
      plan,
      server: this.server,
      facts: this.facts,
      nodes: this.nodes,
      repository: this.#repository,
      operator: this.#operator,
      correspondents: this.#correspondents,
      tally: this.tally,
      twinOf: (name, random, disk) => this.#twinOf(name, random, disk, services),
      attend: (work) => this.#do(work),
    });
  }

  /** Lets the plan happen, then waits until the swarm is quiet. */
  async run(): Promise<Outcome> {
    // What runs in this process after it shall have Node's own again.
    const usual = AbortSignal.any;
    AbortSignal.any = forgettableAny;
    try {
      return await this.#live();
    } finally {
      AbortSignal.any = usual;
    }
  }

  async #live(): Promise<Outcome> {
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
    for (const step of plan.steps)
      timeline.plan(step.at, `step ${step.kind}`, () => this.#trouble.strike(step));
    const lastAt = Math.max(0, ...plan.tasks.map(({ at }) => at), ...plan.steps.map(({ at }) => at));
    await timeline.runUntil(lastAt + 40_000);
    await this.#calm();
    await this.#takeUpTrees();
    this.witness.conclude();
    const wanted = plan.tasks.flatMap(({ specs }) => specs).length;
    const { size } = this.facts.tasks;
    if (size !== wanted) this.witness.accuse(4, `${wanted} tasks were submitted, and ${size} are known`);
    return this.#outcome();
  }

  #addNode(name: string, service: Service): void {
    this.nodes.set(name, this.#newNode(name, service, this.#random.fork(name)));
  }

  #newNode(name: string, service: Service, random: SeededRandom, disk?: Disk): Node {
    const node = new Node({
      server: this.server,
      random,
      name,
      service,
      rate: random.between(0.996, 1.004),
      offsetMs: random.between(-2_000, 2_000),
      onEnd: (ended, error) => this.#ended(ended, error),
      ...(disk === undefined ? {} : { disk }),
    });
    node.disk.onLost = (what) => this.witness.accuse(8, what);
    return node;
  }

  /** Another machine under the name of a worker. */
  #twinOf(name: string, random: SeededRandom, disk: Disk, services: ReturnType<typeof servicesOf>): Node {
    const { labels = [], mode = 'single-task' } =
      this.plan.workers.find((worker) => worker.name === name) ?? {};
    return this.#newNode(name, services.worker(labels, mode), random, disk);
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

  async #calm(): Promise<void> {
    this.#trouble.end();
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

  /** A worker takes up at its start what its predecessor left: each is started once more. */
  async #takeUpTrees(): Promise<void> {
    for (const { name } of this.plan.workers) {
      this.nodes.get(name)?.kill();
      this.nodes.get(name)?.start();
    }
    await this.timeline.runUntil(this.timeline.now + TAKE_UP_MS);
    const { files, grants } = this.facts;
    for (const { disk } of this.nodes.values()) {
      const hasEnded = (fence: number) => grants.get(fence)?.end !== undefined;
      for (const what of disk.faults((bundle) => files.has(bundle), hasEnded)) this.witness.accuse(8, what);
    }
  }

  /** Nothing lives, nothing waits to be sent, nothing is ready. */
  #isQuiet(): boolean {
    for (const { grant, state } of this.facts.tasks.values()) {
      if (grant !== undefined || state === 'submitted' || state === 'claimed') return false;
    }
    for (const { disk } of this.nodes.values()) if (disk.entries.length > 0) return false;
    if (this.#correspondents.isBusy) return false;
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
      troubles: this.tally.counts(),
      claims: witness.claims,
      commands: witness.commands,
      batches: facts.batches,
      tasks: facts.tasks.size,
      commits: facts.landed.length,
      takeovers: facts.takeovers,
      budgets: facts.budgetsSpent,
      terms: facts.terms,
      letters: facts.letters.all.size,
      letters_told: facts.letters.tellings.overdue + facts.letters.tellings.dead,
      digest: `${timeline.digest}-${facts.events}`,
    };
  }
}
