/**
 * `waggle kill`: ends a worker's run at once, with every process of it; its task goes back, and the worker leaves.
 */
import { Command } from 'commander';
import { createBoardClient } from '../../../shared/bus/board-client.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import type { CommandModule } from '../command-module.ts';
import { type ControlFlags, controlFlags, type Look, tellWords, WHO } from '../control-command.ts';

interface Flags extends ControlFlags {
  readonly reason?: string;
}

const HELP = `
Asks nothing: the task goes back and somebody else takes it; the try does not count. What the run had written is kept
as far as its worker can store it.

Examples:
  waggle kill w3
  waggle kill w3 --reason "runs in circles"`;

/** `waggle kill AGENT…`. */
export const build: CommandModule['build'] = (session, exit) =>
  controlFlags(
    new Command('kill')
      .description('end the runs of workers at once, and the workers; their tasks go back')
      .argument('[agents...]', WHO)
      .option('--reason <text>', 'why')
      .addHelpText('after', HELP),
  ).action((words: readonly string[], flags: Flags) =>
    tellWords(
      session,
      exit,
      flags,
      words,
      { v: 1, kind: 'kill', ...(flags.reason === undefined ? {} : { reason: flags.reason }) },
      heldTasks,
    ),
  );

/** A kill must not wait for a leader that is gone. */
const LOOK_MS = 2_000;

/** What each agent works on by the board's word; nothing when no leader answers. */
const heldTasks: Look = async ({ swarm, context, agent }, signal) => {
  const { project, clock } = context;
  const client = createBoardClient({ swarm, project, agent, clock, timeoutMs: LOOK_MS });
  const held = new Map<string, string[]>();
  try {
    const { grants } = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
    for (const { agent: owner, task } of grants) held.set(owner, [...(held.get(owner) ?? []), task]);
  } catch (error) {
    if (!isWaggleError(error) || !error.retryable) throw error;
  }
  return held;
};
