/**
 * The usual stage of a case: one worker, one profile of one harness, one model. Gone when its test is over.
 */
import { expect, onTestFinished } from 'vitest';
import type { Mode, RunRecord, Task, TaskSpec } from '../../schemas/index.ts';
import { type ModelEndpoint, startModelEndpoint } from '../support/model-endpoint/endpoint.ts';
import type { Playbook } from '../support/model-endpoint/playbook.ts';
import type { Line, Turn } from '../support/model-endpoint/script.ts';
import type { Installed, ProfileFields } from './harness.ts';
import { type RealRuns, type RealRunsOptions, startRealRuns } from './real-runs.ts';

/** The last word of a script. */
export const FINAL: Turn = { kind: 'text', text: 'All is done.' };
/** The worker, and the profile that it runs. */
export const AGENT = 'w-1';
export const PROFILE = 'account-1';

export interface Stage {
  readonly runs: RealRuns;
  readonly model: ModelEndpoint;
}

export interface StageOptions {
  readonly fields?: ProfileFields;
  readonly mode?: Mode;
}

/** Sets it up. */
export async function stage(
  installed: Installed,
  answers: readonly Line[] | Playbook,
  { fields = {}, mode = 'single-task' }: StageOptions = {},
): Promise<Stage> {
  const model = await startModelEndpoint(answers);
  const runs = await stageOf({
    profiles: { [PROFILE]: { installed, model, more: fields } },
    workers: { [AGENT]: { mode } },
  });
  return { runs, model };
}

/** Any other one. */
export async function stageOf(options: RealRunsOptions): Promise<RealRuns> {
  const runs = await startRealRuns(options);
  onTestFinished(() => runs.stop(), 60_000);
  return runs;
}

/** A task that came to its end in one run. */
export interface Performed extends Stage {
  readonly task: Task;
  readonly run: RunRecord;
}

/** Has one task done, in one run, by the whole script. */
export async function perform(
  installed: Installed,
  script: readonly Line[],
  { spec = {}, ...options }: StageOptions & { readonly spec?: Partial<TaskSpec> } = {},
): Promise<Performed> {
  const { runs, model } = await stage(installed, script, options);
  const id = await runs.add(spec);
  const task = await runs.ended(id);
  const [run, second] = await runs.runs(id);
  if (run === undefined || second !== undefined) throw new Error(`${id} was not granted once`);
  expectWhole(model, runs.output(run));
  return { runs, model, task, run };
}

/** Each turn was asked for once: nothing was asked again, nothing was left. And nobody else was asked anything. */
export function expectWhole(model: ModelEndpoint, output = ''): void {
  const said = { left: model.left(), beyond: model.beyond(), strangers: model.strangers };
  expect(said, output.slice(-4_000)).toEqual({ left: 0, beyond: 0, strangers: [] });
}
