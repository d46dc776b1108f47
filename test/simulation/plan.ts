/**
 * What a seed decides of a simulation beforehand: the swarm, its tasks, and the steps of trouble with their times. A step
 * draws from a source of its own, so that fewer steps or tasks leave the others as they are: so histories shrink.
 */
import type { BoardConfig, Mode, TaskSpec } from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import { ELECTION_LEASE_MS } from '../../shared/bus/leadership.ts';
import type { FaultRates } from '../../shared/bus/simulated/faults.ts';
import { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import { defaults } from '../../shared/config/defaults.ts';

export const LANES = ['main', 'side'] as const;
const LABELS = ['web', 'core', 'docs'] as const;
/** Some lie in others. */
const PATHS = ['a', 'b', 'a/x', 'b/y', 'c/x', 'c/y', 'd/x', 'd/y', 'e/x', 'e/y', 'f/x', 'f/y'] as const;

/** Each kind of trouble, and how often it comes among the others. */
const weights = {
  crash: 22,
  stop: 9,
  sleep: 3,
  cut: 12,
  'bus-restart': 4,
  'clock-jump': 4,
  'bus-clock-jump': 1,
  'message-faults': 8,
  operator: 26,
  control: 6,
  'foreign-push': 1,
  letter: 4,
  storm: 5,
  'late-committer': 4,
  'name-twice': 2,
  'copied-state': 3,
  'snapshot-damage': 4,
} as const;

export type StepKind = keyof typeof weights;

export const stepKinds = Object.keys(weights) as readonly StepKind[];

export interface Step {
  readonly at: number;
  readonly kind: StepKind;
  readonly random: SeededRandom;
  /** Name of the machine that it strikes; absent: drawn. */
  readonly target?: string;
}

export interface WorkerPlan {
  readonly name: string;
  readonly labels: readonly string[];
  readonly mode: Mode;
}

export interface Plan {
  readonly seed: string;
  readonly workers: readonly WorkerPlan[];
  readonly orchestrators: readonly string[];
  readonly committers: readonly string[];
  readonly takers: readonly string[];
  readonly config: BoardConfig;
  /** Batches of tasks, as they are added. */
  readonly tasks: readonly { readonly at: number; readonly specs: readonly TaskSpec[] }[];
  readonly steps: readonly Step[];
  readonly rates: FaultRates;
  /** Of orchestrators. A long one makes fewer events; the usual one is drawn, too. */
  readonly electionLeaseMs: number;
  /** How long after the last trouble everything must have ended. Default: 40 minutes. */
  readonly quietMs?: number;
}

export interface PlanLimits {
  /** Default: what the seed says: 30 to 160, of each tenth seed 200 to 400. */
  readonly tasks?: number | undefined;
  /** Default: what the seed says, 10 to 80. */
  readonly steps?: number | undefined;
}

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}-${n + 1}`);

export function planOf(seed: string, limits: PlanLimits = {}): Plan {
  const random = new SeededRandom(`plan ${seed}`);
  const isLarge = random.chance(0.1);
  const count = isLarge ? random.whole(200, 400) : random.whole(30, 160);
  const stepCount = random.whole(10, 80);
  const workers = names('worker', isLarge ? random.whole(8, 12) : random.whole(3, 8)).map(
    (name): WorkerPlan => ({
      name,
      labels: LABELS.filter(() => random.chance(0.8)),
      // Drawn apart: what was drawn before this was added stays as it was.
      mode: new SeededRandom(`mode ${seed} ${name}`).chance(0.25) ? 'continuous' : 'single-task',
    }),
  );
  // Somebody can run everything.
  const [first] = workers;
  if (first !== undefined) workers[0] = { ...first, labels: [...LABELS] };
  const tasks = tasksOf(random.fork('tasks'), count).slice(0, limits.tasks ?? count);
  const lengthMs = 20_000 + (count * 14_000) / workers.length;
  const steps = Array.from({ length: stepCount }, (_, n): Step => {
    const own = new SeededRandom(`step ${seed} ${n}`);
    return { at: own.between(1_000, lengthMs), kind: kindOf(own), random: own };
  });
  return {
    seed,
    workers,
    orchestrators: names('orchestra', random.whole(2, 3)),
    committers: names('committer', random.chance(0.7) ? 2 : 1),
    takers: names('taker', random.whole(1, 2)),
    config: configOf(random.fork('config'), count),
    tasks: inBatches(random.fork('batches'), tasks, lengthMs),
    steps: steps.slice(0, limits.steps ?? stepCount).sort((one, other) => one.at - other.at),
    rates: { lost: 0.06, late: 0.25, mostLateMs: 900, doubled: 0.05, appendLost: 0.05, ackLost: 0.08 },
    electionLeaseMs: random.pick([ELECTION_LEASE_MS, 4_000, 8_000, 8_000]) ?? ELECTION_LEASE_MS,
  };
}

function kindOf(random: SeededRandom): StepKind {
  let left = random.next() * stepKinds.reduce((sum, kind) => sum + weights[kind], 0);
  for (const kind of stepKinds) {
    left -= weights[kind];
    if (left < 0) return kind;
  }
  return 'crash';
}

function configOf(random: SeededRandom, count: number): BoardConfig {
  const maybe = <K extends string>(key: K, least: number, most: number) =>
    random.chance(0.6) ? ({ [key]: random.whole(least, most) } as Record<K, number>) : {};
  const lane = (name: string) => ({ home: `sim:${name}`, base: 'HEAD', branch: `waggle/${name}`, gates: [] });
  // A run prints some 400 tokens: these are reached when half of the work is done, or more, until people raise them.
  const budgets: BoardConfig['budgets'] = random.chance(0.4)
    ? {
        profile: { tokens: count * random.whole(100, 400) },
        project: { tokens: count * random.whole(300, 700) },
        ...(random.chance(0.5) ? { task: { tokens: 1_500 } } : {}),
      }
    : undefined;
  return {
    ...emptyConfig,
    ...(budgets === undefined ? {} : { budgets }),
    lanes: { main: lane('main'), side: lane('side') },
    profiles: { alpha: maybe('max_concurrency', 2, 4), beta: maybe('max_concurrency', 1, 4) },
    pools: { both: { strategy: 'round_robin', profiles: ['alpha', 'beta'] } },
    policies: {
      ...defaults.policies,
      lease_ms: 12_000,
      stale_after_ms: 60_000,
      stale_grace_ms: 20_000,
      dead_letter_after_ms: 20_000,
      backoff_ms: 500,
      backoff_max_ms: 8_000,
      max_attempts: random.whole(2, 4),
      max_losses: random.whole(2, 4),
      ...maybe('max_grants', 3, 7),
      ...maybe('max_per_lane', 2, 5),
      max_heavy: random.whole(1, 2),
      weights: random.chance(0.5) ? { web: 2, core: 1 } : {},
    },
    roles: {
      operator: 'operator',
      'committer-1': 'committer',
      'committer-2': 'committer',
      'taker-1': 'stale-takeover',
      'taker-2': 'stale-takeover',
    },
  };
}

function tasksOf(random: SeededRandom, count: number): TaskSpec[] {
  return Array.from({ length: count }, (_, n): TaskSpec => {
    const deps = Array.from({ length: random.chance(0.35) ? random.whole(1, 3) : 0 }, () =>
      Math.max(0, n - random.whole(1, 40)),
    ).filter((dep) => dep < n);
    const hasLane = random.chance(0.8);
    const label = random.pick(LABELS) ?? 'web';
    const paths = random.chance(0.5) ? [`src/${random.pick(PATHS)}`] : [];
    return {
      id: `t-${n + 1}`,
      title: `task ${n + 1}`,
      priority: random.pick(['P0', 'P1', 'P2', 'P3', 'P4'] as const) ?? 'P2',
      deps: [...new Set(deps)].map((dep) => `t-${dep + 1}`),
      labels: [label],
      ...(hasLane ? { lane: random.pick(LANES) ?? 'main', paths } : {}),
      ...(random.chance(0.3) ? { requires: { labels: [label] } } : {}),
      ...(random.chance(0.08) ? { requires: { profile: random.pick(['alpha', 'beta']) ?? 'alpha' } } : {}),
      ...(random.chance(0.1) ? { heavy: true } : {}),
    };
  });
}

/** In the order of their numbers, so that deps are there first. */
function inBatches(
  random: SeededRandom,
  tasks: readonly TaskSpec[],
  lengthMs: number,
): { readonly at: number; readonly specs: readonly TaskSpec[] }[] {
  const batches: { at: number; specs: TaskSpec[] }[] = [];
  let at = 2_000;
  for (let from = 0; from < tasks.length; ) {
    const size = random.whole(1, 40);
    batches.push({ at, specs: tasks.slice(from, from + size) });
    from += size;
    at += random.between(0, lengthMs / 8);
  }
  return batches;
}
