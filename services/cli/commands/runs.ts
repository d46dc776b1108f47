/**
 * `waggle runs`: the grants that the board remembers, live and ended.
 */
import { Command } from 'commander';
import { systemClock } from '../../../shared/clock.ts';
import { agentName, count } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { fetchRuns } from '../run-listing.ts';
import { runRecord, runTable } from '../run-text.ts';
import { outputOf, withProject } from '../session.ts';

interface Flags {
  readonly task?: string;
  readonly agent?: string;
  readonly live?: true;
  readonly limit: number;
  readonly json?: true;
}

/** `waggle runs`: newest first. */
export const build: CommandModule['build'] = (session) =>
  new Command('runs')
    .description('list runs, newest first: who had which task, and how it ended')
    .option('--task <id>', 'only of this task: its id, or a beginning of it that no other has')
    .option('--agent <name>', 'only of this agent', agentName)
    .option('--live', 'only those that go on')
    .option('-n, --limit <count>', 'at most so many; 0 for all that the board remembers', count, 20)
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  waggle runs --live\n  waggle runs --task parser-7\n  waggle run show 42',
    )
    .action(async ({ task: id, agent, live, limit, json }: Flags) => {
      const output = outputOf(session, { json: json === true });
      const { signal } = session;
      const runs = await withProject(session, async ({ client }) => {
        const task =
          id === undefined
            ? undefined
            : (await client.query({ v: 1, kind: 'task', id }, signal)).view.task.id;
        const choice = {
          ...(task === undefined ? {} : { task }),
          ...(agent === undefined ? {} : { agent }),
          ...(live === true ? { live: true } : {}),
        };
        return fetchRuns(client, choice, limit, signal);
      });
      output.answer(runs.map(runRecord), () =>
        runs.length === 0 ? 'no such run' : runTable(runs, systemClock.now(), output.paint),
      );
    });
