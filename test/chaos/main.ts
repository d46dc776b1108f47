/**
 * `npm run chaos`: one run of chaos on real processes. It starts itself again in a mount namespace of its own where the
 * system gives one, so that disks can be full; where it does not, those faults are named as not run.
 */
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { randomId } from '../../shared/random.ts';
import { findNamespace, runInside } from './namespace.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { outcomeText, repeatCommand } from './outcome.ts';
import { runChaos } from './run.ts';

const MINUTE_MS = 60_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if ('fault' in options) {
    process.stderr.write(`chaos: ${options.fault}\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.mounts) return await chaos(options, 'mounted');
  const namespace = findNamespace();
  if ('why' in namespace) return await chaos(options, namespace);
  const self = [process.execPath, fileURLToPath(import.meta.url), '--mounts'];
  return await runInside([...namespace.prefix, ...self, ...args]);
}

async function chaos(options: Options, disks: 'mounted' | { readonly why: string }): Promise<number> {
  const { minutes, json, seed = randomId(6) } = options;
  const stop = new AbortController();
  // Every fault waits with it.
  setMaxListeners(0, stop.signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => stop.abort(new Error(`${signal} came`)));
  const say = (line: string) => process.stderr.write(`chaos ${seed}: ${line}\n`);
  const durationMs = minutes * MINUTE_MS;
  try {
    const outcome = await runChaos({ seed, durationMs, disks, say, signal: stop.signal });
    process.stdout.write(json ? `${JSON.stringify(outcome)}\n` : outcomeText(outcome));
    return outcome.breaches.length === 0 ? 0 : 1;
  } catch (error) {
    const words = stop.signal.aborted ? 'it was cut short' : (error as Error).stack;
    process.stderr.write(`chaos: ${words}\n  ${repeatCommand(seed, minutes)}\n`);
    return stop.signal.aborted ? 130 : 1;
  }
}
