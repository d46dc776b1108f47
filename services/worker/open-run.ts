/**
 * The beginning of a run: its tree, its task desk, and the prompt that its harness is told, which lies with the run's own
 * files.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskGrant } from '../../schemas/index.ts';
import type { ReportDesk } from '../../shared/agent/granted-work.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import { messageOf } from '../../shared/errors.ts';
import type { HandOptions } from './hand-options.ts';
import type { OperatorWord } from './operator-words.ts';
import { promptPieces, promptText, type SaidByOperator } from './prompt.ts';
import { recordPrompt } from './prompt-record.ts';
import { contextPrompt, protocolPrompt } from './prompt-sources.ts';
import type { Prompt, Run } from './run-context.ts';
import { timeoutOf } from './run-limits.ts';
import { createRunTasks } from './run-tasks.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export interface OpeningRun {
  readonly held: HeldGrant;
  readonly grant: TaskGrant;
  readonly desk: ReportDesk;
  /** Name of the profile that runs it. */
  readonly profile: string;
  /** What an operator wants it to be told. */
  readonly words: readonly OperatorWord[];
  /** The section of unread mail for the prompt, if there is any; never rejects. */
  readonly mail: Promise<string | undefined>;
}

/** Errors: those of the workspace, of prompts that cannot be read; the signal's reason when the right ends meanwhile. */
export async function openRun(options: HandOptions, opening: OpeningRun): Promise<Run> {
  const { held, grant, desk, profile } = opening;
  const workspace = await openWorkspace(options, grant, held.signal);
  const prompt = await composePrompt(options, opening, workspace).catch(async (error: unknown) => {
    // Nobody has worked in the tree, and without a prompt nobody will.
    await workspace.tree.remove(true).catch((fault: unknown) => {
      options.log.warn({ run: grant.run, reason: messageOf(fault) }, 'the tree could not be removed');
    });
    throw error;
  });
  const startedAt = options.clock.now();
  const timeoutMs = timeoutOf(options.profiles.get(profile) ?? {}, grant.budget?.duration_ms);
  const tasks = createRunTasks({
    ...options,
    held,
    grant,
    desk,
    worktree: workspace.tree.folder,
    noteBlocked: (reason) => workspace.tree.noteBlocked(reason),
    ...(timeoutMs === undefined ? {} : { deadlineAt: startedAt + timeoutMs }),
  });
  return { options, held, grant, desk, workspace, tasks, profile, prompt, startedAt };
}

async function composePrompt(
  options: HandOptions,
  { grant, profile, words, mail }: OpeningRun,
  { tree, records, earlier }: Workspace,
): Promise<Prompt> {
  const { promptsFolder: folder, mode, agent, project } = options;
  const settings = options.profiles.get(profile);
  // A plain command may be a simple tool: it is taught nothing unless its profile says so.
  const template = settings?.template ?? (settings?.harness === 'command' ? 'none' : undefined);
  const places = { agent, project, task: grant.task, worktree: tree.folder };
  const protocol = await protocolPrompt(
    { folder, mode, ...(template === undefined ? {} : { template }) },
    places,
  );
  const context = await contextPrompt(folder);
  const override = words.find(({ kind }) => kind === 'prompt');
  const section = await mail;
  const pieces = promptPieces({
    grant,
    ...(earlier === undefined ? {} : { earlier }),
    ...(override === undefined ? {} : { override: saidOf(override) }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(context === undefined ? {} : { context }),
    ...(section === undefined ? {} : { mail: section }),
    messages: words.filter(({ kind }) => kind !== 'prompt').map(saidOf),
  });
  const text = promptText(pieces);
  const file = join(records, 'prompt.md');
  await writeFile(file, text, { mode: 0o600 });
  return { file, text, isOverride: override !== undefined, ...recordPrompt(pieces) };
}

const saidOf = ({ id, at, text }: OperatorWord): SaidByOperator => ({
  id,
  at: new Date(at).toISOString(),
  text,
});
