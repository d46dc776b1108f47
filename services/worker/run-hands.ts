/**
 * What a run reaches besides the bus: its tree and prompt, its harness, its mail, its socket. A port: simulations bring
 * hands of their own.
 */
import type { Usage } from '../../schemas/index.ts';
import type { Seat } from '../../shared/socket/seats.ts';
import type { HandOptions } from './hand-options.ts';
import { type OpeningRun, openRun } from './open-run.ts';
import type { Run } from './run-context.ts';
import { type RunHarnessOptions, type StartedHarness, startRunHarness } from './run-harness.ts';
import { openRunMail, type RunMail } from './run-mail.ts';
import { openRunSocket, type RunSocket } from './run-socket.ts';
import { askWhetherToGoOn } from './stop-question.ts';

export interface RunHands {
  /** Errors: those of the workspace, of prompts that cannot be read; the signal's reason when the right ends meanwhile. */
  open(opening: OpeningRun): Promise<Run>;
  /** Errors: `usage` when there is no such profile. */
  start(run: Run, how: RunHarnessOptions): StartedHarness;
  mail(): RunMail;
  /** Errors: `not-ready`, the file system's. */
  socket(records: string, seat: Seat): Promise<RunSocket>;
  /** Asks the harness whether the worker should go on, where a rule says so; what that used. */
  ask(run: Run, signal: AbortSignal): Promise<Usage | undefined>;
}

export const ownHands = (options: HandOptions): RunHands => ({
  open: (opening) => openRun(options, opening),
  start: (run, how) => startRunHarness(options, run, how),
  mail: () => openRunMail(options),
  socket: (records, seat) => openRunSocket({ ...options, records, seat }),
  ask: (run, signal) => askWhetherToGoOn(options, run, signal),
});
