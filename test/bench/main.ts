/**
 * `npm run bench`: measures what the design rests on, in under two minutes. `--json` prints one object for machines;
 * names of scenarios choose among them. Standard output holds the result, standard error the progress.
 */
import { systemClock } from '../../shared/clock.ts';
import { claimCost } from './claim-cost.ts';
import { codecCost } from './codec-cost.ts';
import type { Scenario } from './figures.ts';
import { fmailStart } from './fmail-start.ts';
import { grantLatency } from './grant-latency.ts';
import { missingFsync } from './hives.ts';
import { lifecycles } from './lifecycles.ts';
import { thisMachine } from './machine.ts';
import { mailLatency } from './mail-latency.ts';
import { mailLog } from './mail-log.ts';
import { machineText, type Result, resultText } from './report.ts';

const scenarios: readonly Scenario[] = [
  grantLatency,
  lifecycles,
  claimCost,
  codecCost,
  fmailStart,
  mailLatency,
  mailLog,
];
const withBus: readonly Scenario[] = [grantLatency, lifecycles, mailLatency];

/** A run that takes longer hangs: say where instead of waiting for ever. */
const LIMIT_MS = 300_000;

// The servers of a run that is cut short end with the process.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const args = process.argv.slice(2);
const asJson = args.includes('--json');
const names = args.filter((arg) => arg !== '--json');
const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown === undefined) await main();
else {
  const known = scenarios.map(({ name }) => name).join(', ');
  process.stderr.write(`bench: expected --json or names of scenarios (${known}), got ${unknown}\n`);
  process.exitCode = 2;
}

async function main(): Promise<void> {
  const machine = await thisMachine();
  if (!asJson) process.stdout.write(machineText(machine));
  const results: Result[] = [];
  let current = 'the start';
  setTimeout(() => {
    process.stderr.write(`bench: ${current} did not end within ${LIMIT_MS / 1_000} s of the start\n`);
    process.exit(1);
  }, LIMIT_MS).unref();
  for (const scenario of scenarios) {
    if (names.length > 0 && !names.includes(scenario.name)) continue;
    current = scenario.name;
    process.stderr.write(`bench: ${current} …\n`);
    const begun = systemClock.monotonic();
    const figures = await scenario.run();
    const tookMs = systemClock.monotonic() - begun;
    const missing = withBus.includes(scenario) ? await missingFsync() : [];
    const result = { scenario, figures, notMeasured: [...scenario.notMeasured, ...missing], tookMs };
    if (!asJson) process.stdout.write(resultText(result));
    results.push(result);
  }
  if (!asJson) return;
  const plain = results.map(({ scenario: { name, title }, ...rest }) => ({ name, title, ...rest }));
  process.stdout.write(`${JSON.stringify({ machine, scenarios: plain }, undefined, 2)}\n`);
}
