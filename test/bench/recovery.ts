/**
 * `npm run recovery`: kills, stops, cuts off and fills up what a swarm of real processes stands on, twenty times each, and
 * tells how long it took until the swarm went on: median and worst. Standard output holds the result, standard error the
 * progress. Exit 1 when a bound was exceeded or a run went wrong, 2 for arguments that mean nothing, 130 when a signal ended
 * it after the run under way. Full disks need the right to mount: the program starts itself again in a mount namespace where there is one; else they are named as not run.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '../../shared/errors.ts';
import { findNamespace, runInside } from '../chaos/namespace.ts';
import { diskRecoveries, recoveries } from '../support/recovery/recoveries.ts';
import type { Recovery } from '../support/recovery/swarm.ts';
import { median } from './figures.ts';
import { thisMachine } from './machine.ts';
import { machineText } from './report.ts';

const known = [...recoveries, ...diskRecoveries];
const USAGE = `usage: npm run recovery -- [--runs N] [--json] [scenario…]
  --runs N   so many runs of each scenario (default: 20)
  --json     print JSON
scenarios (default: all): ${known.map(({ name }) => name).join(', ')}
example: npm run recovery -- --runs 3 worker-killed leader-killed
`;

interface Row {
  readonly scenario: string;
  readonly what: string;
  readonly runs: number;
  readonly median_ms: number;
  readonly worst_ms: number;
  readonly bound_ms: number;
}

interface Wanted {
  readonly runs: number;
  readonly json: boolean;
  readonly chosen: readonly Recovery[];
  /** Whether disks may be mounted. */
  readonly mounts: boolean;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const wanted = readArguments(args);
  if (typeof wanted === 'string') {
    process.stderr.write(`recovery: ${wanted}\n${USAGE}`);
    return 2;
  }
  if (wanted === undefined) {
    process.stdout.write(USAGE);
    return 0;
  }
  const needsDisks = wanted.chosen.some((one) => diskRecoveries.includes(one));
  if (wanted.mounts || !needsDisks) return await measure(wanted);
  const namespace = findNamespace();
  if ('why' in namespace) {
    const can = wanted.chosen.filter((one) => !diskRecoveries.includes(one));
    const cannot = wanted.chosen.filter((one) => diskRecoveries.includes(one)).map(({ name }) => name);
    process.stderr.write(`recovery: not run: ${cannot.join(', ')}: ${namespace.why}\n`);
    return await measure({ ...wanted, chosen: can });
  }
  const self = [process.execPath, fileURLToPath(import.meta.url), '--mounts'];
  return await runInside([...namespace.prefix, ...self, ...args]);
}

/** Undefined: help is wanted. A text: what is wrong. */
function readArguments(args: readonly string[]): Wanted | string | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        runs: { type: 'string', default: '20' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        mounts: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    const runs = Number(values.runs);
    if (!Number.isInteger(runs) || runs < 1)
      return `--runs: expected a whole number above 0, got ${values.runs}`;
    const unknown = positionals.find((name) => !known.some((one) => one.name === name));
    if (unknown !== undefined) return `there is no scenario ${unknown}`;
    const chosen = known.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    return { runs, json: values.json, mounts: values.mounts, chosen };
  } catch (error) {
    return messageOf(error);
  }
}

async function measure({ runs, json, chosen }: Wanted): Promise<number> {
  if (!json) process.stdout.write(machineText(await thisMachine()));
  const rows: Row[] = [];
  let failed = 0;
  let signalled: string | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      signalled = signal;
      process.stderr.write(`recovery: ${signal} came: the run under way is the last\n`);
    });
  for (const { name, bounds, run } of chosen) {
    const samples = new Map<string, number[]>();
    for (let n = 1; n <= runs && signalled === undefined; n += 1) {
      try {
        const measured = Object.entries(await run());
        for (const [what, ms] of measured) samples.set(what, [...(samples.get(what) ?? []), ms]);
        const told = measured.map(([what, ms]) => `${what} ${ms} ms`);
        process.stderr.write(`recovery: ${name} ${n}/${runs}: ${told.join(', ')}\n`);
      } catch (error) {
        failed += 1;
        process.stderr.write(`recovery: ${name} ${n}/${runs} went wrong: ${(error as Error).stack}\n`);
      }
    }
    for (const [what, values] of samples)
      rows.push({
        scenario: name,
        what,
        runs: values.length,
        median_ms: median(values),
        worst_ms: Math.max(...values),
        bound_ms: bounds[what] ?? Number.NaN,
      });
  }
  if (json) process.stdout.write(`${JSON.stringify({ failed, rows })}\n`);
  else process.stdout.write(rows.map(lineOf).join('') + (failed > 0 ? `${failed} runs went wrong\n` : ''));
  if (signalled !== undefined) return 130;
  return failed > 0 || rows.some(({ worst_ms, bound_ms }) => worst_ms > bound_ms) ? 1 : 0;
}

function lineOf({ scenario, what, runs, median_ms, worst_ms, bound_ms }: Row): string {
  return `${scenario.padEnd(18)} ${what.padEnd(18)} median ${median_ms} ms, worst of ${runs} ${worst_ms} ms (bound ${bound_ms} ms)\n`;
}
