/**
 * Plans of long quiet work for the rules of takeover: few workers whose harnesses print steadily for hours, with the
 * policies that a project has by default, and the trouble that a test asks for.
 */
import { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import { defaults } from '../../shared/config/defaults.ts';
import { type HarnessModel, usualRuns } from './harness.ts';
import { type Plan, planOf, type StepKind } from './plan.ts';

const HOUR_MS = 3_600_000;

export interface Strike {
  readonly kind: StepKind;
  readonly target?: string;
}

/** Runs that never fail, each longer than a silence may last. */
export const steadyRuns: HarnessModel = {
  ...usualRuns,
  shortestMs: 0.9 * HOUR_MS,
  longestMs: HOUR_MS,
  hangs: 0,
  fails: 0,
  asks: 0,
  limits: 0,
  idles: 0,
  checkpointEveryMs: HOUR_MS,
  printEveryMs: 20_000,
};

/** Three workers on as many tasks as keep them busy for so long; strikes come one after the other, evenly spread. */
export function longWatch(seed: string, hours: number, strikes: readonly Strike[]): Plan {
  const plan = planOf(seed, { steps: 0, tasks: 1 });
  const count = Math.ceil((hours / 0.95) * 3);
  const specs = Array.from({ length: count }, (_, n) => ({ id: `long-${n + 1}`, title: `long ${n + 1}` }));
  const gapMs = (hours * HOUR_MS) / (strikes.length + 1);
  return {
    ...plan,
    workers: ['worker-1', 'worker-2', 'worker-3'].map((name) => ({ name, labels: [], mode: 'single-task' })),
    orchestrators: ['orchestra-1', 'orchestra-2'],
    committers: ['committer-1'],
    takers: ['taker-1', 'taker-2'],
    config: {
      ...plan.config,
      profiles: {},
      pools: {},
      policies: { ...defaults.policies, weights: {} },
    },
    tasks: [{ at: 5_000, specs }],
    steps: strikes.map((strike, n) => ({
      ...strike,
      at: gapMs * (n + 1),
      random: new SeededRandom(`strike ${seed} ${n}`),
    })),
    rates: { lost: 0, late: 0, mostLateMs: 0, doubled: 0, appendLost: 0, ackLost: 0 },
    electionLeaseMs: 60_000,
    quietMs: (hours + 24) * HOUR_MS,
  };
}
