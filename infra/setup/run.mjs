/**
 * Sets up a checkout, and then runs one of its programs:
 * `node infra/setup/run.mjs demo|test|bench|recovery|sim|chaos|fuzz [args]`. `build` only builds.
 *
 * Plain Node without dependencies, because it runs before anything is installed. What stands already is left
 * alone, so a second start costs a fraction of a second. Standard output belongs to the program.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, buildState } from './build.mjs';
import { runChild } from './child.mjs';
import { withoutFlags, withSwallowedFlags } from './flags.mjs';
import { checkMachine } from './machine.mjs';
import { arePackagesCurrent, installPackages } from './packages.mjs';
import { SetupError, step } from './step.mjs';
import { inTurn } from './turn.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const PROGRAMS = {
  demo: ['dist/infra/demo/main.js'],
  bench: ['dist/test/bench/main.js'],
  recovery: ['dist/test/bench/recovery.js'],
  sim: ['dist/test/simulation/main.js'],
  fuzz: ['dist/test/fuzz/main.js'],
  chaos: ['dist/test/chaos/main.js'],
  test: ['node_modules/vitest/vitest.mjs', 'run', '--config', 'infra/vitest.config.ts'],
  'test:long': ['node_modules/vitest/vitest.mjs', 'run', '--config', 'infra/vitest.long.config.ts'],
  'test:sim': ['node_modules/vitest/vitest.mjs', 'run', '--config', 'infra/vitest.simulation.config.ts'],
  'test:harness': ['node_modules/vitest/vitest.mjs', 'run', '--config', 'infra/vitest.harness.config.ts'],
  build: undefined,
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof SetupError || error?.name === 'WaggleError';
  process.stderr.write(`waggle: ${known ? error.message : (error?.stack ?? error)}\n`);
  process.exitCode = error?.exitCode ?? 1;
}

async function main([name, ...args]) {
  if (name === undefined || !Object.hasOwn(PROGRAMS, name)) {
    throw new SetupError(`usage: node infra/setup/run.mjs ${Object.keys(PROGRAMS).join('|')} [args]`, 2);
  }
  checkMachine();
  await prepare(name);
  const program = PROGRAMS[name];
  if (program === undefined) return 0;
  // A simulation brings its own bus, and parsers need none.
  const server = ['sim', 'fuzz'].includes(name) ? undefined : await findServer(name);
  return await runProgram(program, name.startsWith('test') ? args : swallowed(args), server);
}

/** Packages and dist/. A look first, so that the usual start takes no turn. */
async function prepare(name) {
  if (arePackagesCurrent(root) && buildState(root) === 'built') return;
  await inTurn(root, async () => {
    if (!arePackagesCurrent(root)) await installPackages(root);
    const state = buildState(root);
    // Whoever asks for the build alone learns of known errors at once; a program's start shows them again.
    if (state === 'faulty' && name === 'build')
      throw new SetupError('the build has errors: `npm run build` shows them');
    if (state !== 'built') await build(root);
  });
}

/** The path of a nats-server, installed if need be; undefined when a running one is to be used. */
async function findServer(name) {
  // Tests start servers of their own, whatever bus is known.
  if (!name.startsWith('test') && process.env.WAGGLE_NATS_URL) return undefined;
  const load = (file) => import(new URL(`../../dist/infra/nats/${file}.js`, import.meta.url).href);
  const { findNatsServer } = await load('binary');
  const found = await findNatsServer({ env: process.env });
  if (found !== undefined) return found.path;
  const { ensureNatsServer } = await load('install');
  return await inTurn(root, async () => {
    const say = () => undefined;
    const ensure = async () => await ensureNatsServer({ env: process.env, say });
    // A question on the terminal and a running line don't go together.
    if (process.stdin.isTTY && process.stderr.isTTY)
      return (await ensureNatsServer({ env: process.env })).path;
    return (await step('nats-server', ensure)).path;
  });
}

function swallowed(args) {
  try {
    return withSwallowedFlags(args, process.env);
  } catch (error) {
    throw new SetupError(error.message, 2);
  }
}

async function runProgram([script, ...first], args, server) {
  const path = join(root, script);
  if (!existsSync(path)) throw new SetupError(`${script} is missing`);
  const env = { ...withoutFlags(process.env), ...(server === undefined ? {} : { NATS_SERVER: server }) };
  const ended = await runChild(process.execPath, [path, ...first, ...args], { cwd: cwdFor(script), env });
  return ended.code;
}

/** npm starts us in the checkout; where the person stood is in INIT_CWD, and relative paths are meant from there. */
function cwdFor(script) {
  return script.startsWith('dist/') ? (process.env.INIT_CWD ?? process.cwd()) : root;
}
