/**
 * Asks the harness whether the worker should go on: a process of its own, in the run's tree, while the grant is still in
 * hand, so that no model works without one.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Usage } from '../../schemas/index.ts';
import { messageOf } from '../../shared/errors.ts';
import { adapterOf } from '../../shared/harness/adapters.ts';
import { startHarness } from '../../shared/harness/harness-run.ts';
import type { HandOptions } from './hand-options.ts';
import { promptFile } from './prompt-sources.ts';
import { profileOf, type Run } from './run-context.ts';

const HOW_TO_ANSWER =
  'Change nothing. The first word of your answer must be `0` (stop) or `1` (go on); a reason may follow.';

/** Asks the rule's question, where this run is to be followed by it, and tells the rule the answer. What it used. */
export async function askWhetherToGoOn(
  options: HandOptions,
  run: Run,
  signal: AbortSignal,
): Promise<Usage | undefined> {
  const { rules, clock, log, environment, groups, project, agent } = options;
  const question = rules.question(run.prompt.isOverride);
  if (question === undefined || signal.aborted) return undefined;
  try {
    const { records, tree } = run.workspace;
    const promptText = `${await questionText(options.promptsFolder, question)}\n\n${HOW_TO_ANSWER}\n`;
    const file = join(records, 'question.md');
    await writeFile(file, promptText, { mode: 0o600 });
    run.held.enter('stop question');
    const profile = profileOf(options, run.profile);
    const { grant } = run;
    const result = await startHarness(
      adapterOf(profile.harness),
      profile,
      {
        promptFile: file,
        promptText,
        worktree: tree.folder,
        records,
        project,
        taskId: grant.task,
        fence: grant.fence,
        run: grant.run,
        agent,
      },
      {
        clock,
        log,
        environment,
        signal,
        logFile: join(records, 'question.log'),
        onStarted: (group) => groups.record(grant.run, group),
      },
    ).result;
    await groups.forget(grant.run);
    if (!signal.aborted) rules.answered(result.signs.finalText ?? result.tail);
    return result.usage;
  } catch (error) {
    log.warn({ run: run.grant.run, reason: messageOf(error) }, 'the stop question could not be asked');
    return undefined;
  }
}

/** A prompt of the project's by its name, else the words themselves. */
async function questionText(folder: string, question: string): Promise<string> {
  const named = /^[a-z0-9][a-z0-9-]{0,62}$/.test(question) ? await promptFile(folder, question) : undefined;
  return named?.text ?? question;
}
