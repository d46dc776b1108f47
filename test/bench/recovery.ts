/**
 * `npm run recovery`: kills or stops each kind of process twenty times in a swarm of real ones, and tells how long it took until
 * the swarm went on: median and worst. `--runs N` for another number, names of scenarios to choose, `--json` for
 * machines. Standard output holds the result, standard error the progress. Exit 1 when a bound was exceeded.
 */
import { recoveries } from '../support/recovery/recoveries.ts';
import { median } from './figures.ts';
import { thisMachine } from './machine.ts';
import { machineText } from './report.ts';

interface Row {
  readonly killed: string;
  readonly what: string;
  readonly runs: number;
  readonly median_ms: number;
  readonly worst_ms: number;
  readonly bound_ms: number;
}

const args = process.argv.slice(2);
const asJson = args.includes('--json');
const runsAt = args.indexOf('--runs');
const runs = runsAt < 0 ? 20 : Number(args[runsAt + 1]);
const names = args.filter((arg, at) => !arg.startsWith('--') && (runsAt < 0 || at !== runsAt + 1));
const chosen = recoveries.filter(({ name }) => names.length === 0 || names.includes(name));
if (!Number.isInteger(runs) || runs < 1 || chosen.length === 0 || chosen.length < names.length) {
  const known = recoveries.map(({ name }) => name).join(', ');
  process.stderr.write(`recovery: expected [--json] [--runs N] [${known}], got ${args.join(' ')}\n`);
  process.exitCode = 2;
} else await main();

async function main(): Promise<void> {
  if (!asJson) process.stdout.write(machineText(await thisMachine()));
  const rows: Row[] = [];
  for (const { name, bounds, run } of chosen) {
    const samples = new Map<string, number[]>();
    for (let n = 1; n <= runs; n += 1) {
      const measured = await run();
      const told = Object.entries(measured).map(([what, ms]) => `${what} ${ms} ms`);
      process.stderr.write(`recovery: ${name} ${n}/${runs}: ${told.join(', ')}\n`);
      for (const [what, ms] of Object.entries(measured))
        samples.set(what, [...(samples.get(what) ?? []), ms]);
    }
    for (const [what, values] of samples) {
      const worst = Math.max(...values);
      const bound = bounds[what] ?? Number.NaN;
      rows.push({ killed: name, what, runs, median_ms: median(values), worst_ms: worst, bound_ms: bound });
    }
  }
  if (asJson) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else {
    for (const { killed, what, median_ms, worst_ms, bound_ms } of rows) {
      process.stdout.write(
        `${killed.padEnd(19)} ${what.padEnd(18)} median ${median_ms} ms, worst of ${runs} ${worst_ms} ms (bound ${bound_ms} ms)\n`,
      );
    }
  }
  if (rows.some(({ worst_ms, bound_ms }) => worst_ms > bound_ms)) process.exitCode = 1;
}
