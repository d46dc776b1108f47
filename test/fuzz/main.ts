/**
 * Fuzzing from the command line: `npm run fuzz -- [--minutes M] [--seed S] [--target T] [--json]`. `--list` names the
 * targets; `--seed S --number N` and `--hex …` show one finding again. Exit codes: 0 clean, 1 a finding, 2 bad arguments.
 *
 * The work is done by a second process of the same program, to which `--progress` is given.
 */
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../shared/errors.ts';
import { randomId } from '../../shared/random.ts';
import { type Finding, findingRecord, findingText } from './finding.ts';
import { fuzz, judgeNumber, replay } from './fuzz.ts';
import { runGuarded } from './guardian.ts';
import { HELP, type Options, optionsOf } from './options.ts';
import { placeWriter } from './progress.ts';
import type { Target } from './target.ts';

const MINUTE_MS = 60_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

type OnFinding = (finding: Finding) => void;

/** One input again. */
async function again({ only, seed = '', number, hex }: Options, onFinding: OnFinding): Promise<0 | 1> {
  if (only === undefined) return 0;
  if (hex !== undefined) {
    const found = await replay(only, [Buffer.from(hex, 'hex')], seed);
    found.forEach(onFinding);
    return found.length === 0 ? 0 : 1;
  }
  const judged = await judgeNumber(only, seed, Number(number));
  if (judged === undefined) return 0;
  onFinding({ ...judged.verdict, target: only.name, seed, number: Number(number), input: judged.input });
  return 1;
}

/** In this process, one target after the other. */
async function work(options: Options, onFinding: OnFinding): Promise<0 | 1> {
  const { chosen, seed = '', minutes, json, progress = '' } = options;
  const onTarget = (target: Target, inputs: number) => {
    if (!json) say(`${target.name}: ${inputs} inputs`);
  };
  const onInput = placeWriter(progress);
  const run = { targets: chosen, seed, ms: minutes * MINUTE_MS, onFinding, onTarget, onInput };
  const result = await fuzz(run);
  const inputs = Object.values(result.inputs).reduce((sum, one) => sum + one, 0);
  const found = result.findings.length;
  say(
    json
      ? JSON.stringify({ seed, targets: chosen.length, inputs, findings: found })
      : `seed ${seed}: ${inputs} inputs for ${chosen.length} targets, ${found} findings`,
  );
  return found === 0 ? 0 : 1;
}

async function guarded(options: Options, onFinding: OnFinding): Promise<0 | 1 | 2> {
  const { chosen, seed = randomId(8), minutes, json } = options;
  if (!json) say(`seed ${seed}, ${chosen.length} targets, ${minutes} minutes`);
  const script = fileURLToPath(import.meta.url);
  const argv = [...process.execArgv, script, '--seed', seed, ...(json ? ['--json'] : [])];
  return await runGuarded({ argv, targets: chosen.map(({ name }) => name), seed, minutes, onFinding });
}

/** Runs, and gives the exit code. */
async function main(args: readonly string[]): Promise<0 | 1 | 2> {
  let options: Options;
  try {
    options = optionsOf(args);
  } catch (error) {
    process.stderr.write(`fuzz: ${messageOf(error)}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.list) {
    const width = Math.max(...options.chosen.map(({ name }) => name.length));
    for (const { name, source } of options.chosen)
      say(options.json ? JSON.stringify({ name, source }) : `${name.padEnd(width)}  ${source}`);
    return 0;
  }
  const onFinding = (finding: Finding) =>
    say(options.json ? JSON.stringify(findingRecord(finding)) : findingText(finding));
  if (options.hex !== undefined || options.number !== undefined) return await again(options, onFinding);
  return options.progress === undefined ? guarded(options, onFinding) : work(options, onFinding);
}

process.exitCode = await main(process.argv.slice(2));
