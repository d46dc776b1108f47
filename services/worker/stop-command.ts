/**
 * Runs the command of a stop rule and says whether its end meets the rule's criteria. Both of its streams are read as they
 * come; of each the first 64 KiB are looked at.
 */
import type { Clock } from '../../shared/clock.ts';
import type { QuantitativeStop } from '../../shared/config/stop-rules.ts';
import { messageOf } from '../../shared/errors.ts';
import { allowedEnvironment, type Environment } from '../../shared/harness/environment.ts';
import { startSupervised } from '../../shared/harness/supervised-run.ts';
import type { Log } from '../../shared/log.ts';

export interface StopCommandOptions {
  readonly folder: string;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a command ended with. */
export interface CommandEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const LOOKED_AT_BYTES = 64 * 1024;
const GRACE_MS = 1_000;

/** Whether all criteria are met; undefined when the command could not be asked. Rejects only when the signal aborts. */
export async function askCommand(
  rule: QuantitativeStop,
  { folder, environment, clock, log }: StopCommandOptions,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const said = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const sizes = { stdout: 0, stderr: 0 };
  try {
    const { end } = await startSupervised({
      argv: typeof rule.run === 'string' ? ['bash', '-lc', rule.run] : rule.run,
      cwd: folder,
      env: allowedEnvironment(environment, ['WAGGLE_*', 'FMAIL_*']),
      graceMs: GRACE_MS,
      timeoutMs: rule.timeoutMs,
      clock,
      log,
      signal,
      onOutput: ({ stream, bytes }) => {
        const taken = bytes.subarray(0, LOOKED_AT_BYTES - sizes[stream]);
        sizes[stream] += taken.length;
        if (taken.length > 0) said[stream].push(taken);
      },
    }).ended;
    signal.throwIfAborted();
    if (end.how === 'exited') {
      const text = (stream: 'stdout' | 'stderr') => Buffer.concat(said[stream]).toString('utf8');
      return meets(rule, { exitCode: end.exitCode, stdout: text('stdout'), stderr: text('stderr') });
    }
    log.warn({ how: end.how, command: rule.run }, 'the command of the stop rule did not come to an end');
  } catch (error) {
    signal.throwIfAborted();
    log.warn(
      { reason: messageOf(error), command: rule.run },
      'the command of the stop rule could not be run',
    );
  }
  return undefined;
}

/** Whether an end meets every criterion that the rule names. Pure. */
export function meets(rule: QuantitativeStop, { exitCode, stdout, stderr }: CommandEnd): boolean {
  const { exitCodes, invert, stdoutMatches, stderrMatches } = rule;
  const isCode = exitCodes === undefined || exitCodes.includes(exitCode) !== invert;
  return (
    isCode &&
    isFilled(rule.stdout, stdout) &&
    isFilled(rule.stderr, stderr) &&
    (stdoutMatches === undefined || stdoutMatches.test(stdout)) &&
    (stderrMatches === undefined || stderrMatches.test(stderr))
  );
}

function isFilled(wanted: 'any' | 'empty' | 'nonempty' | undefined, text: string): boolean {
  return wanted === undefined || wanted === 'any' || (wanted === 'empty') === (text.trim() === '');
}
