/**
 * `waggle ps`: last beats, grants and what is supervised here, as a table. What they mean is in agent-list.ts.
 */
import { Command } from 'commander';
import { hostName } from '../../../shared/process/identity.ts';
import { type AgentEntry, listAgents } from '../agent-list.ts';
import { formatAgo } from '../ages.ts';
import type { CommandModule } from '../command-module.ts';
import { outputOf, withProject } from '../session.ts';
import { formatTable } from '../table.ts';
import { livingOf } from '../up/leftovers.ts';
import { readUpFile } from '../up/up-file.ts';
import { totalTokenText } from '../usage-words.ts';

interface Flags {
  readonly json?: true;
}

const COLUMNS = [
  'NAME',
  'ROLE',
  'STATE',
  'TASK',
  'PHASE',
  'PROFILE',
  { title: 'TOKENS', align: 'right' },
  'LAST BEAT',
  'OUTPUT',
  'HOST',
  { title: 'PID', align: 'right' },
  'VERSION',
] as const;

/** `waggle ps`: the agents of the project on all machines, and what each is doing. */
export const build: CommandModule['build'] = (session) =>
  new Command('ps')
    .description('list the agents of the project and what they are doing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  waggle ps')
    .action(async ({ json }: Flags) => {
      const output = outputOf(session, { json: json === true });
      const { project, agents } = await withProject(session, async ({ context, client, reader }) => {
        const { signal } = session;
        const status = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
        const { beats } = await reader.beats(signal);
        const up = await readUpFile(context.root);
        const supervised = await livingOf(up?.services ?? []);
        return {
          project: context.project,
          agents: listAgents({ beats, status, supervised, host: hostName() }),
        };
      });
      output.answer({ project, agents }, () => {
        const old = agents.filter(({ beat_old }) => beat_old).map(({ name }) => name);
        const remark = old.length === 0 ? '' : `\nno beat for long: ${old.join(', ')}\n`;
        return `${formatTable(COLUMNS, agents.flatMap(rowsOf), output.paint)}${remark}`;
      });
    });

/** A line for each task in hand. */
function rowsOf(agent: AgentEntry): (string | number | undefined)[][] {
  const { name, role, state, tasks, profile, beat_age_ms, host, pid, version } = agent;
  const beat = beat_age_ms === undefined ? undefined : formatAgo(beat_age_ms);
  const held = tasks.length === 0 ? [undefined] : tasks;
  return held.map((task) => {
    const output = task?.output_age_ms === undefined ? undefined : formatAgo(task.output_age_ms);
    // Of a grant that no beat tells of yet, it is not known.
    const uses = task === undefined ? profile : task.profile;
    const tokens = totalTokenText(task?.usage);
    return [name, role, state, task?.task, task?.phase, uses, tokens, beat, output, host, pid, version];
  });
}
