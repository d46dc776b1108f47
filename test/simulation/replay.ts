/**
 * Runs one simulation by its seed, says how to run it again, and makes a failing one smaller: fewer steps of trouble, then
 * fewer tasks, as long as it still fails by the same rule.
 */
import { type PlanLimits, planOf } from './plan.ts';
import { type Outcome, World, type WorldOptions } from './world.ts';

export function simulate(
  seed: string,
  limits: PlanLimits = {},
  options: WorldOptions = {},
): Promise<Outcome> {
  return new World(planOf(seed, limits), options).run();
}

/** The one line that replays a simulation exactly. */
export function replayCommand(seed: string, { steps, tasks }: PlanLimits = {}): string {
  const parts = [`npm run sim -- --seed ${seed}`];
  if (steps !== undefined) parts.push(`--steps ${steps}`);
  if (tasks !== undefined) parts.push(`--tasks ${tasks}`);
  return parts.join(' ');
}

/** What is wrong, and how to see it again. */
export function complaint(seed: string, limits: PlanLimits, { violations }: Outcome): string {
  const shown = violations
    .slice(0, 5)
    .map(({ rule, at, what }) => `  (${rule}) at ${Math.round(at)} ms: ${what}`);
  return [`seed ${seed}: ${violations.length} violations`, ...shown, `  ${replayCommand(seed, limits)}`].join(
    '\n',
  );
}

/** The smallest limits found under which the seed still breaks one of the same rules, in at most so many tries. */
export async function shrink(
  seed: string,
  broken: ReadonlySet<number>,
  options: WorldOptions = {},
  tries = 24,
): Promise<PlanLimits> {
  const whole = planOf(seed);
  let steps = whole.steps.length;
  let tasks = whole.tasks.reduce((sum, { specs }) => sum + specs.length, 0);
  let left = tries;
  const stillFails = async (limits: PlanLimits): Promise<boolean> => {
    left -= 1;
    const { violations } = await simulate(seed, limits, options);
    return violations.some(({ rule }) => broken.has(rule));
  };
  for (let cut = Math.ceil(steps / 2); cut >= 1 && left > 0; ) {
    if (steps - cut >= 0 && (await stillFails({ steps: steps - cut, tasks }))) steps -= cut;
    else cut = cut === 1 ? 0 : Math.ceil(cut / 2);
  }
  for (let cut = Math.ceil(tasks / 2); cut >= 1 && left > 0; ) {
    if (tasks - cut >= 1 && (await stillFails({ steps, tasks: tasks - cut }))) tasks -= cut;
    else cut = cut === 1 ? 0 : Math.ceil(cut / 2);
  }
  return { steps, tasks };
}
