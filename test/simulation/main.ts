/**
 * Simulations from the command line. `--seed S [--steps N] [--tasks N]` replays one exactly (`--steps`: only so many steps
 * of trouble, `--tasks`: only so many tasks); `--minutes M [--from S]` runs as many as fit, one seed after another.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../../shared/clock.ts';
import { randomId } from '../../shared/random.ts';
import { complaint, shrink, simulate } from './replay.ts';
import type { Outcome } from './world.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string' },
    tasks: { type: 'string' },
    minutes: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    shrink: { type: 'boolean', default: false },
  },
});

const PROGRESS_MS = 10_000;
const MINUTE_MS = 60_000;
const say = (line: string) => process.stdout.write(`${line}\n`);
const numberOf = (text: string | undefined) => (text === undefined ? undefined : Number(text));

const sums = {
  seeds: 0,
  failed: 0,
  events: 0,
  crashes: 0,
  claims: 0,
  commands: 0,
  tasks: 0,
  commits: 0,
  takeovers: 0,
  terms: 0,
  hours: 0,
};

function add(outcome: Outcome): void {
  sums.seeds += 1;
  if (outcome.violations.length > 0) sums.failed += 1;
  sums.events += outcome.steps;
  sums.hours += outcome.virtualMs / 3_600_000;
  for (const key of ['crashes', 'claims', 'commands', 'tasks', 'commits', 'takeovers', 'terms'] as const)
    sums[key] += outcome[key];
}

const total = (seconds: number): string =>
  `${sums.seeds} seeds in ${Math.round(seconds)} s, ${sums.failed} with violations: ${sums.tasks} tasks, ${sums.claims} claims, ` +
  `${sums.commands} commands, ${sums.commits} commits, ${sums.takeovers} takeovers, ${sums.crashes} crashes, ${sums.terms} terms, ` +
  `${sums.events} events in ${sums.hours.toFixed(1)} virtual hours`;

async function replay(seed: string): Promise<void> {
  const limits = { steps: numberOf(values.steps), tasks: numberOf(values.tasks) };
  const outcome = await simulate(seed, limits);
  say(JSON.stringify(outcome, null, 2));
  if (outcome.violations.length === 0) return;
  process.exitCode = 1;
  say(complaint(seed, limits, outcome));
  if (!values.shrink) return;
  const smaller = await shrink(seed, new Set(outcome.violations.map(({ rule }) => rule)));
  say(complaint(seed, smaller, await simulate(seed, smaller)));
}

async function many(): Promise<void> {
  // Many errors are part of a day, and their stacks cost much. A replay has them.
  Error.stackTraceLimit = 0;
  const beganAt = systemClock.monotonic();
  const until = beganAt + (numberOf(values.minutes) ?? 1) * MINUTE_MS;
  const first = values.from ?? `${randomId(6)}-`;
  const most = numberOf(values.seeds) ?? Number.POSITIVE_INFINITY;
  let toldAt = beganAt;
  for (let n = 0; n < most && (values.seeds !== undefined || systemClock.monotonic() < until); n += 1) {
    const seed = /^\d+$/.test(first) ? String(Number(first) + n) : `${first}${n}`;
    const outcome = await simulate(seed);
    add(outcome);
    if (outcome.violations.length > 0) say(complaint(seed, {}, outcome));
    const now = systemClock.monotonic();
    if (now - toldAt < PROGRESS_MS) continue;
    toldAt = now;
    say(total((now - beganAt) / 1_000));
  }
  say(total((systemClock.monotonic() - beganAt) / 1_000));
  if (sums.failed > 0) process.exitCode = 1;
}

await (values.seed === undefined ? many() : replay(values.seed));
