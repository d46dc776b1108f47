/**
 * Runs one gate in a folder and says whether it is green. Red is a result, never an error: also when the
 * program is missing, hangs or dies.
 */
import type { Gate } from '../../schemas/claim.ts';
import type { Evidence } from '../../schemas/common.ts';
import type { Clock } from '../clock.ts';
import { formatDuration } from '../config/durations.ts';
import type { Log } from '../log.ts';
import { allowedEnvironment, type Environment } from './environment.ts';
import type { OutputChunk } from './guarded-process.ts';
import { cutToBytes, REPORT_TAIL } from './output-tail.ts';
import { describeEnd } from './run-end.ts';
import { type SupervisedEnd, startSupervised } from './supervised-run.ts';

export interface GateContext {
  readonly folder: string;
  readonly taskId: string;
  /**
   * What the gate's processes are marked with (`WAGGLE_RUN`). Whoever ends the leftovers of a run ends all that have
   * its name: a gate that outlives the run is given another.
   */
  readonly run: string;
  /** Of the process that runs the gate; an allow-list picks from it. */
  readonly environment: Environment;
  /** Further names to let through; `NAME_*` for all that begin so. */
  readonly env?: readonly string[];
  /** Where all output goes. */
  readonly logFile: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
  readonly graceMs?: number;
  readonly onOutput?: (chunk: OutputChunk) => void | Promise<void>;
}

export interface GateResult {
  readonly evidence: Evidence;
  readonly logFile: string;
}

const GATE_GRACE_MS = 5_000;

/** Runs a gate. A gate that is not green says why in the last line of its tail. Rejects only when aborted. */
export async function runGate(gate: Gate, context: GateContext): Promise<GateResult> {
  const { folder, taskId, run, environment, env, logFile, clock, log, signal, onOutput } = context;
  const limits = gate.timeout_ms > 0 ? { timeoutMs: gate.timeout_ms } : {};
  const done = await startSupervised({
    argv: typeof gate.run === 'string' ? ['/bin/sh', '-c', gate.run] : gate.run,
    cwd: folder,
    env: { ...allowedEnvironment(environment, env), CI: 'true', WAGGLE_TASK: taskId, WAGGLE_RUN: run },
    graceMs: context.graceMs ?? GATE_GRACE_MS,
    clock,
    log,
    logFile,
    ...limits,
    ...(signal === undefined ? {} : { signal }),
    ...(onOutput === undefined ? {} : { onOutput }),
  }).ended;
  // A stopped gate says nothing about the work.
  if (done.end.how === 'stopped') signal?.throwIfAborted();
  return { evidence: toEvidence(gate, done, limits), logFile };
}

function toEvidence(gate: Gate, done: SupervisedEnd, limits: { timeoutMs?: number }): Evidence {
  const { end } = done;
  const green = end.how === 'exited' && end.exitCode === 0;
  const words = describeEnd(end, limits, formatDuration);
  const verdict = cutToBytes(end.how === 'not-started' ? words : `the gate ${words}`, 1_000);
  return {
    gate: gate.name,
    status: green ? 'green' : 'red',
    ...('exitCode' in end && end.how === 'exited' ? { exit_code: end.exitCode } : {}),
    duration_ms: done.durationMs,
    tail: green ? done.tail : withVerdict(done.tail, verdict),
  };
}

/** The tail with a last line, still within what a report carries. */
function withVerdict(tail: string, verdict: string): string {
  let kept = tail === '' ? [] : tail.split('\n');
  const text = (): string => [...kept, verdict].join('\n');
  while (kept.length > 0 && Buffer.byteLength(text()) > REPORT_TAIL.bytes) kept = kept.slice(1);
  return text();
}
