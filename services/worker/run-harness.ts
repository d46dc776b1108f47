/**
 * Starts the harness of a run: its adapter and profile, its place, its limits, and where what it prints goes.
 */
import { join } from 'node:path';
import { adapterOf } from '../../shared/harness/adapters.ts';
import { type HarnessRun, startHarness } from '../../shared/harness/harness-run.ts';
import type { HarnessProfile } from '../../shared/harness/profile.ts';
import type { HandOptions } from './hand-options.ts';
import type { EndedHarness } from './harness-left.ts';
import type { OutputRelay } from './output-relay.ts';
import { profileOf, type Run } from './run-context.ts';
import { timeoutOf } from './run-limits.ts';
import { workFolder } from './workspace.ts';

export interface RunHarnessOptions {
  readonly relay: OutputRelay;
  readonly signal: AbortSignal;
  readonly socket?: string;
  /** What it is told of the run in hand. */
  readonly promptNow: () => string;
  /** Called once its first process runs. */
  readonly begun: () => Promise<void>;
  /** Called when it told what it has used. */
  readonly onUsage: () => void;
}

/** Where the rendered output of a harness stands that began with this run. */
export const transcriptOf = ({ workspace }: Pick<Run, 'workspace'>): string =>
  join(workspace.records, 'transcript.log');

/** The harness, and its end once it is known. */
export interface StartedHarness {
  readonly harness: HarnessRun;
  readonly ended: Promise<EndedHarness>;
}

/** Errors: `usage` when there is no such profile. */
export function startRunHarness(
  options: HandOptions,
  run: Run,
  { relay, signal, socket, promptNow, begun, onUsage }: RunHarnessOptions,
): StartedHarness {
  const { grant, workspace, prompt } = run;
  const { clock, log, environment, groups, project, agent, mode, stateDir, waggle, commandFolder } = options;
  const settings = profileOf(options, run.profile);
  const adapter = adapterOf(settings.harness);
  const { budget } = grant;
  const { records, tree } = workspace;
  let hasStarted = false;
  const outputFile = transcriptOf(run);
  const harness = startHarness(
    adapter,
    // Of a harness that goes on from run to run the time and usage of each are watched by its shift.
    mode === 'continuous' ? withoutTimeout(settings) : withBudget(settings, budget?.duration_ms),
    {
      promptFile: prompt.file,
      promptText: prompt.text,
      // Trees of later tasks come and go beside the first one's: a harness that stays must not stand in any of them.
      worktree: mode === 'continuous' ? workFolder(stateDir) : tree.folder,
      records,
      project,
      taskId: grant.task,
      fence: grant.fence,
      run: grant.run,
      agent,
      ...(socket === undefined ? {} : { socket }),
      ...(waggle === undefined ? {} : { waggle }),
      ...(commandFolder === undefined ? {} : { path: commandFolder }),
      limits:
        mode === 'continuous'
          ? {}
          : {
              ...(budget?.tokens === undefined ? {} : { tokens: budget.tokens }),
              ...(budget?.cost_usd === undefined ? {} : { cost_usd: budget.cost_usd }),
            },
    },
    {
      clock,
      log,
      environment,
      signal,
      promptNow,
      logFile: join(records, 'output.log'),
      transcriptFile: outputFile,
      onText: (stream, text) => relay.take(stream, Buffer.from(text)),
      onEvent: ({ kind }) => {
        if (kind === 'usage') onUsage();
      },
      async onStarted(group) {
        hasStarted = true;
        await groups.record(grant.run, group);
        await begun();
      },
    },
  );
  const ended = (async (): Promise<EndedHarness> => {
    const result = await harness.result;
    await groups.forget(grant.run);
    // A structured harness has begun when it says so.
    return {
      result,
      outputFile,
      hasStarted: adapter.reader === undefined ? hasStarted : result.signs.started,
    };
  })();
  return { harness, ended };
}

function withBudget(profile: HarnessProfile, budgetMs: number | undefined): HarnessProfile {
  const timeoutMs = timeoutOf(profile, budgetMs);
  return timeoutMs === undefined ? profile : { ...profile, timeoutMs };
}

function withoutTimeout({ timeoutMs: _, ...profile }: HarnessProfile): HarnessProfile {
  return profile;
}
