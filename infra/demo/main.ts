/**
 * Entry of `npm run demo`: streams, signals and the exit code (0 all checks hold, 1 something failed, 2 usage, 130
 * after Ctrl-C). A second Ctrl-C shortens the services' drain.
 */
import { exitCodeOf, failureObject, failureText } from '../../services/cli/failure.ts';
import { systemClock } from '../../shared/clock.ts';
import { runDemo } from './demo.ts';
import { type DemoOptions, readOptions } from './options.ts';
import { createView } from './progress-view.ts';
import { summaryText } from './summary.ts';

const { stdout, stderr, env } = process;
const stop = new AbortController();
const hurry = new AbortController();
let interruptedBy: NodeJS.Signals | undefined;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) hurry.abort();
    interruptedBy ??= name;
    stop.abort();
  });
}
process.exitCode = await main();

async function main(): Promise<number> {
  const startedAt = systemClock.monotonic();
  const elapsedMs = () => systemClock.monotonic() - startedAt;
  let options: DemoOptions;
  try {
    options = readOptions(process.argv.slice(2), {
      out: (text) => stdout.write(text),
      err: (text) => stderr.write(text),
    });
  } catch (error) {
    // The parser has said its word.
    return exitCodeOf(error);
  }
  const { json } = options;
  const noColor = (env['NO_COLOR'] ?? '') !== '';
  const view = createView({ stream: json ? stderr : stdout, noColor, elapsedMs });
  try {
    const around = { variables: env, view, elapsedMs, signal: stop.signal, hurry: hurry.signal };
    const summary = await runDemo(options, around);
    (json ? stderr : stdout).write(summaryText(summary));
    if (json) stdout.write(`${JSON.stringify(summary.result)}\n`);
    return summary.problems.length === 0 ? 0 : 1;
  } catch (error) {
    view.end();
    if (stop.signal.aborted) {
      stderr.write('waggle: interrupted; everything is stopped and cleaned up\n');
      return interruptedBy === 'SIGTERM' ? 143 : interruptedBy === 'SIGHUP' ? 129 : 130;
    }
    stderr.write(failureText(error, 'waggle'));
    if (json) stdout.write(`${JSON.stringify(failureObject(error))}\n`);
    return exitCodeOf(error);
  }
}
