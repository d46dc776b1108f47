/**
 * Simulations from the command line. `--seed S [--steps N] [--tasks N] [--shrink]` replays one exactly (`--steps`: only so
 * many steps of trouble, `--tasks`: only so many tasks); `--seeds N [--from S]` runs so many, one seed after another,
 * `--minutes M` as many as fit. `--json` prints what they came to for machines. A signal ends it with what there is.
 *
 * Ends with 0; 1: a rule was violated, or some kind of trouble never struck; 2: it cannot be done; 130: a signal.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import { randomId } from '../../shared/random.ts';
import { complaint, shrink, simulate } from './replay.ts';
import { Summary } from './summary.ts';

const USAGE = `usage: npm run sim -- [--seed S | --seeds N | --minutes M] [options]
  --seed S      replays one; --steps N and --tasks N: only so much of it; --shrink: makes a violation smaller
  --seeds N     so many, one after another, from --from F on (default: by chance, and printed)
  --minutes M   as many as fit
  --json        print the sums as JSON
example: npm run sim -- --minutes 5
`;
const PROGRESS_MS = 5_000;
const MINUTE_MS = 60_000;
const INTERRUPTED = 130;

interface Wanted {
  readonly seed: string | undefined;
  readonly limits: { readonly steps: number | undefined; readonly tasks: number | undefined };
  readonly minutes: number | undefined;
  readonly seeds: number | undefined;
  readonly from: string;
  readonly shrinks: boolean;
  readonly json: boolean;
}

function wantedOf(args: readonly string[]): Wanted {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: text,
      steps: text,
      tasks: text,
      minutes: text,
      seeds: text,
      from: text,
      shrink: flag,
      json: flag,
    },
  });
  const number = (name: string, given: string | undefined) => {
    if (given === undefined) return undefined;
    const value = Number(given);
    if (given.trim() === '' || !Number.isFinite(value) || value < 0)
      throw new Error(`--${name} wants a number, not \`${given}\``);
    return value;
  };
  return {
    seed: values.seed,
    limits: { steps: number('steps', values.steps), tasks: number('tasks', values.tasks) },
    minutes: number('minutes', values.minutes),
    seeds: number('seeds', values.seeds),
    from: values.from ?? `${randomId(6)}-`,
    shrinks: values.shrink,
    json: values.json,
  };
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const tell = (line: string) => process.stderr.write(`${line}\n`);

async function replay(seed: string, { limits, shrinks }: Wanted): Promise<number> {
  const outcome = await simulate(seed, limits);
  say(JSON.stringify(outcome, null, 2));
  if (outcome.violations.length === 0) return 0;
  say(complaint(seed, limits, outcome));
  if (!shrinks) return 1;
  const smaller = await shrink(seed, new Set(outcome.violations.map(({ rule }) => rule)));
  say(complaint(seed, smaller, await simulate(seed, smaller)));
  return 1;
}

/** The seeds, one after another: numbers count up, other names get a number. */
function* seedsFrom(first: string): Generator<string> {
  for (let n = 0; ; n += 1) yield /^\d+$/.test(first) ? String(Number(first) + n) : `${first}${n}`;
}

async function many({ from, seeds, minutes = 1, json }: Wanted): Promise<number> {
  // Many errors are part of a day, and their stacks cost much. A replay has them.
  Error.stackTraceLimit = 0;
  const summary = new Summary();
  const beganAt = systemClock.monotonic();
  const elapsedMs = () => systemClock.monotonic() - beganAt;
  const isDone = () => (seeds === undefined ? elapsedMs() >= minutes * MINUTE_MS : summary.seeds >= seeds);
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
  });
  let toldMs = 0;
  let ended: 'interrupted' | undefined;
  for (const seed of seedsFrom(from)) {
    if (isDone()) break;
    const outcome = await Promise.race([simulate(seed), interrupted]);
    if (outcome === 'interrupted') {
      ended = outcome;
      break;
    }
    summary.add(seed, outcome);
    if (outcome.violations.length > 0) tell(complaint(seed, {}, outcome));
    if (elapsedMs() - toldMs < PROGRESS_MS) continue;
    toldMs = elapsedMs();
    const megabytes = Math.round(process.memoryUsage().rss / 1024 ** 2);
    tell(`${summary.line(toldMs / 1_000)}; at seed ${seed}, ${megabytes} MB`);
  }
  say(json ? summary.json(elapsedMs() / 1_000) : summary.text(elapsedMs() / 1_000));
  if (summary.failed > 0 || summary.missing().length > 0) return 1;
  return ended === undefined ? 0 : INTERRUPTED;
}

if (process.argv.includes('--help')) {
  process.stdout.write(USAGE);
  process.exit(0);
}
let wanted: Wanted;
try {
  wanted = wantedOf(process.argv.slice(2));
} catch (error) {
  tell(`sim: ${messageOf(error)}\n${USAGE}`);
  process.exit(2);
}
const code = await (wanted.seed === undefined ? many(wanted) : replay(wanted.seed, wanted));
// A simulation that was interrupted would go on for ever.
process.exit(code);
