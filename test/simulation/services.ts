/**
 * The services of a simulated swarm: the real code, on simulated buses, disks and clocks, with models of the harness and
 * of git behind their ports.
 */
import type { Mode, Report } from '../../schemas/index.ts';
import { runCommit } from '../../services/committer/commit-run.ts';
import type { GitHands } from '../../services/committer/commit-steps.ts';
import { LaneBook } from '../../services/committer/lane-book.ts';
import { keepLanesOpen } from '../../services/committer/lane-opener.ts';
import { bounce } from '../../services/committer/outcome.ts';
import { promptedBus } from '../../services/committer/prompted-bus.ts';
import type { Deciders } from '../../services/orchestrator/judge.ts';
import { runOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { runStaleTakeover, type StaleTakeoverOptions } from '../../services/stale-takeover/stale-takeover.ts';
import type { LeftTrees } from '../../services/worker/left-trees.ts';
import { Offers } from '../../services/worker/offers.ts';
import type { WordStore } from '../../services/worker/operator-words.ts';
import type { RunOptions } from '../../services/worker/run-context.ts';
import type { RunHands } from '../../services/worker/run-hands.ts';
import { sweepTrees } from '../../services/worker/sweep.ts';
import { workInTurn } from '../../services/worker/worker-loop.ts';
import { runClaimLoop } from '../../shared/agent/claim-loop.ts';
import type { Outbox } from '../../shared/agent/outbox.ts';
import { createBoardClient } from '../../shared/bus/board-client.ts';
import type { Bus, Payload } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { commandProfile } from '../../shared/harness/profile.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { type HarnessModel, takeInModel } from './harness.ts';
import { modelFiles } from './model-files.ts';
import { modelHands } from './model-hands.ts';
import type { Env, Service } from './node.ts';
import { hashOf, type Repository, type RepositoryFaults } from './repository.ts';
import { leftOn } from './work-trees.ts';

export const project = 'sim';

/** Deliberate faults, put in where the real code takes something from outside. */
export interface Alterations {
  readonly deciders?: (real: Deciders) => Deciders;
  /** Of the orchestrator's connection to the journal. */
  readonly core?: (bus: Bus) => Bus;
  /** Of the orchestrator's connection to everything else. */
  readonly leaderBus?: (bus: Bus) => Bus;
  /** Of a worker's connection. */
  readonly workerBus?: (bus: Bus) => Bus;
  readonly outbox?: (outbox: Outbox, env: Env) => Outbox;
  readonly left?: (left: LeftTrees) => LeftTrees;
  readonly hands?: (hands: RunHands) => RunHands;
  readonly newWatch?: StaleTakeoverOptions['newWatch'];
  readonly repository?: RepositoryFaults;
}

export interface ServicesOptions {
  readonly repository: Repository;
  readonly alterations: Alterations;
  readonly model: HarnessModel;
  readonly electionLeaseMs: number;
  readonly realDeciders: Deciders;
  readonly onKept: (agent: string, report: Report) => void;
  /** Told of each run that finds no tree to work in. */
  readonly onNoTree: () => void;
  /** Told of each batch before it is sent. */
  readonly onBatch: (payload: Payload) => void;
  readonly log?: (name: string) => Log;
}

const DRAIN_MS = 4_000;
const profiles = new Map(['alpha', 'beta'].map((name) => [name, commandProfile({ command: ['model'] })]));
/** Operators of a simulation say nothing to harnesses. */
const noWords: WordStore = {
  put: async () => {},
  forRun: () => [],
  told: async () => {},
  stateOf: () => undefined,
};
const journal = subjectsOf(project).journal;

const heard = (core: Bus, onBatch: ServicesOptions['onBatch']): Bus => ({
  ...core,
  async append(subject, payload, options) {
    if (subject === journal) onBatch(payload);
    return await core.append(subject, payload, options);
  },
});

export function servicesOf(options: ServicesOptions) {
  const { repository, alterations, model, onKept, log = () => silentLog } = options;

  const outboxOf = (env: Env): Outbox => {
    const outbox = env.disk.outbox(env.clock, (report) => onKept(env.name, report));
    return alterations.outbox?.(outbox, env) ?? outbox;
  };

  const orchestrator: Service = async (env) => {
    const core = heard(env.connect('core', true), options.onBatch);
    const swarm = env.connect('swarm', true);
    const { deciders } = alterations;
    await runOrchestrator(
      {
        core: alterations.core?.(core) ?? core,
        swarm: alterations.leaderBus?.(swarm) ?? swarm,
        project,
        identity: `${env.name}-${env.random.id(6)}`,
        clock: env.clock,
        randomId: env.random.id,
        log: log(env.name),
        electionLeaseMs: options.electionLeaseMs,
        snapshotPolicy: { batches: 60, bytes: 1024 ** 2 },
        ...(deciders === undefined ? {} : { deciders: deciders(options.realDeciders) }),
      },
      env.drain,
    );
  };

  const worker =
    (labels: readonly string[], mode: Mode): Service =>
    async (env) => {
      const bus = env.connect('swarm', false);
      const swarm = alterations.workerBus?.(bus) ?? bus;
      const lock = await env.disk.lock(env.clock);
      const { agent, clock, log } = common(env, swarm);
      const runs: RunOptions = {
        swarm,
        project,
        agent,
        client: createBoardClient({ swarm, project, agent, clock }),
        placeState: lock.place.state,
        profiles,
        mode,
        offers: new Offers(profiles, clock),
        disk: { doubt: () => {} },
        words: noWords,
        environment: {},
        checkpointMs: model.checkpointEveryMs,
        ledger: { note: async () => {} },
        clock,
        randomId: env.random.id,
        log,
      };
      const outbox = outboxOf(env);
      const left = leftOn({ disk: env.disk, agent, clock, randomId: env.random.id });
      const { placeState } = runs;
      await sweepTrees({ left: alterations.left?.(left) ?? left, placeState, outbox, log });
      const hands = modelHands(env, model, runs, options.onNoTree);
      await workInTurn(
        {
          ...common(env, swarm),
          runs,
          hands: alterations.hands?.(hands) ?? hands,
          lock,
          outbox,
          files: modelFiles,
          disk: { restMs: async () => 0 },
          pool: 'both',
          labels,
          os: 'linux',
        },
        env.drain,
      );
    };

  const committer: Service = async (env) => {
    const { bus, prompt } = promptedBus(env.connect('swarm', false));
    const lock = await env.disk.lock(env.clock);
    const outbox = outboxOf(env);
    const book = new LaneBook(env.clock);
    const desk = {
      hands: async ({ home }: { readonly home: string }) =>
        repository.hands(env.name, home, env.clock, env.random, alterations.repository ?? {}),
      forget: () => {},
    };
    book.onChange(prompt);
    const over = new AbortController();
    const shared = { ...common(env, bus), stateDir: '/nowhere', environment: {}, randomId: env.random.id };
    const opening = keepLanesOpen({ ...shared, desk, book }, AbortSignal.any([env.drain, over.signal]));
    try {
      await runClaimLoop(
        {
          ...common(env, bus),
          role: 'committer',
          work: 'commit',
          lock,
          outbox,
          files: modelFiles,
          capabilities: {
            profile: 'committer',
            harness: 'git',
            os: 'linux',
            get lanes() {
              return book.open();
            },
          },
          perform: (held) =>
            held.grant.kind === 'commit'
              ? runCommit({ ...shared, desk, book, git: gitHands(env) }, held, held.grant)
              : Promise.resolve(undefined),
        },
        env.drain,
      );
    } finally {
      over.abort();
      await opening;
    }
  };

  const taker: Service = async (env) => {
    await runStaleTakeover(
      {
        ...common(env, env.connect('swarm', true)),
        core: env.connect('core', true),
        stateDir: '/nowhere',
        randomId: env.random.id,
        acquireLock: () => env.disk.lock(env.clock),
        newWatch: alterations.newWatch,
      },
      env.drain,
    );
  };

  const common = (env: Env, swarm: Bus) => ({
    swarm,
    project,
    agent: env.name,
    pid: 1,
    version: 'sim',
    clock: env.clock,
    log: log(env.name),
    drainMs: DRAIN_MS,
  });

  /** Takes a submission in as the real code does, but for git: the bundle must be there, gates may be red. */
  const gitHands = (env: Env): GitHands => {
    const fateOf = takeInModel(env.random);
    return {
      subjectOf: async (_, commit) => `subject of ${commit}`,
      async takeIn({ swarm, clock }, held, grant) {
        const { bundle, head } = grant.submission;
        const reader = createReader(swarm, project, env.name);
        const bytes = await reader.chunk(bundle.owner, bundle.sha256, 0, held.signal);
        if (bytes === undefined)
          return { status: 'bounced', bounce: bounce('bundle_missing', 'its chunk is not there') };
        held.follow(() => ({ phase: 'gate check', outputBytes: 1, outputAgeMs: 0 }));
        await clock.sleep(env.random.between(100, 2_500), held.signal);
        const fate = fateOf();
        if (fate === 'conflict') return { status: 'bounced', bounce: bounce('conflict', 'a model conflict') };
        if (fate === 'gate') return { status: 'bounced', bounce: bounce('gate', 'a model gate') };
        if (fate === 'empty') return { status: 'bounced', bounce: bounce('empty', 'a model of nothing new') };
        return { status: 'clean', tree: hashOf(`tree ${head}`), evidence: [] };
      },
    };
  };

  return { orchestrator, worker, committer, taker };
}
