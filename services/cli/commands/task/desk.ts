/**
 * Where the `task` verbs answer: one envelope on standard output with `--json`, else text for people on
 * standard output and what went wrong on standard error. Keeps the exit code: 0, 2, 3 or 4 (REQUIREMENTS 2.3).
 */
import { Command } from 'commander';
import type { FileProblem } from '../../../../shared/config/file-problem.ts';
import { isWaggleError } from '../../../../shared/errors.ts';
import { agentName } from '../../arguments.ts';
import { createOutput, type Output } from '../../output.ts';
import type { ProjectLink, Session } from '../../session.ts';
import { type ErrorEnvelope, failureEnvelope, type OkEnvelope } from '../../task-envelope.ts';

export interface TaskDesk {
  readonly session: Session;
  readonly output: Output;
  /** As it was typed: `task ready`. */
  readonly command: string;
  readonly exitCode: number;
  /** `text` for people; the envelope's warnings and next steps go to standard error beside it. */
  succeed(envelope: OkEnvelope<unknown>, text: () => string): void;
  /** `text` where people need more than the error's message. */
  refuse(envelope: ErrorEnvelope, text?: string): void;
  /** Tells of anything that was thrown, and gives the exit code. */
  fail(error: unknown): number;
}

export interface BoardFlags {
  readonly project?: string;
}

/** A desk for the words behind `waggle task`. */
export function createDesk(words: readonly string[], session: Session): TaskDesk {
  const name = words.find((word) => !word.startsWith('-'));
  const command = name === undefined ? 'task' : `task ${name}`;
  const { stdout, stderr, variables } = session;
  const noColor = (variables['NO_COLOR'] ?? '') !== '';
  const output = createOutput({ stdout, stderr, json: words.includes('--json'), noColor });
  let exitCode = 0;
  const remark = ({
    warnings = [],
    next_steps,
  }: {
    warnings?: readonly string[];
    next_steps: readonly string[];
  }) => {
    if (output.json) return;
    for (const warning of warnings) output.warn(warning);
    for (const step of next_steps) session.stderr.write(`${step}\n`);
  };
  const refuse = (envelope: ErrorEnvelope, text = envelope.error.message) => {
    exitCode = envelope.error.code;
    if (output.json) output.answer(envelope, () => '');
    else output.warn(text);
    remark(envelope);
  };
  return {
    session,
    output,
    command,
    get exitCode() {
      return exitCode;
    },
    succeed(envelope, text) {
      const said = output.json ? '' : text();
      output.answer(envelope, () => said);
      // What the text says already needs no second word.
      remark({ ...envelope, warnings: envelope.warnings.filter((warning) => !said.includes(warning)) });
    },
    refuse,
    fail(error) {
      const isParser =
        error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
      // Help was asked for, and given.
      if (isParser && 'exitCode' in error && error.exitCode === 0) return 0;
      const envelope = failureEnvelope(command, error);
      // The parser has said its word on standard error already.
      if (isParser && !output.json) return envelope.error.code;
      refuse(envelope, isOfFile(error) ? `nothing was added\n${envelope.error.message}` : undefined);
      return exitCode;
    },
  };
}

/** A verb with the options that each has. */
export function verb(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .option('--json', "answer in the tracker's JSON envelope")
    .option('--project <project>', 'another project than the one of this folder', agentName);
}

/** Connects to the project that the flags or the folder name, for as long as `use` works. */
export async function onBoard<T>(
  desk: TaskDesk,
  flags: BoardFlags,
  use: (link: ProjectLink) => Promise<T>,
): Promise<T> {
  const { session } = desk;
  // A run has no bus, and needn't load what speaks with one.
  const { withProject } = await import('../../session.ts');
  if (flags.project === undefined) return withProject(session, use);
  const variables = { ...session.variables, WAGGLE_PROJECT: flags.project, FMAIL_PROJECT: undefined };
  return withProject({ ...session, variables }, use);
}

/** Whether these are problems of a task file, rather than of flags. */
function isOfFile(error: unknown): boolean {
  if (!isWaggleError(error, 'task-file-invalid')) return false;
  const [first] = error.details['list'] as readonly FileProblem[];
  return first?.file !== '';
}
