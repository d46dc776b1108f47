/**
 * `waggle drain`: tells running agents to finish what they have, or give it back, and leave.
 */
import { Command } from 'commander';
import { agentName } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { sendControl } from '../control-sending.ts';
import { absentText } from '../control-text.ts';
import { outputOf, type ProjectLink, withProject } from '../session.ts';

interface Flags {
  readonly json?: true;
}

/** What became of one agent. */
interface Drained {
  readonly agent: string;
  readonly status: 'draining' | 'absent' | 'refused';
  readonly message?: string;
}

/** `waggle drain AGENT`. */
export const build: CommandModule['build'] = (session, exit) =>
  new Command('drain')
    .description('tell agents to finish what they have in hand and leave')
    .argument('<agents...>', 'their names (`waggle ps` lists them)', agentNames)
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExamples:\n  waggle drain w3\n  waggle drain w3 w4')
    .action(async (names: readonly string[], { json }: Flags) => {
      const output = outputOf(session, { json: json === true });
      const wanted = [...new Set(names)];
      const drained = await withProject(session, (link) =>
        Promise.all(wanted.map((agent) => drain(link, agent, session.signal))),
      );
      output.answer(drained, () => drained.map(drainedText).join('\n'));
      if (drained.some(({ status }) => status !== 'draining')) exit(1);
    });

const agentNames = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  agentName(text),
];

async function drain({ swarm, context }: ProjectLink, agent: string, signal: AbortSignal): Promise<Drained> {
  const told = await sendControl(swarm, context.project, agent, { v: 1, kind: 'drain' }, signal);
  if (told.status === 'done') return { agent, status: 'draining' };
  if (told.status === 'absent') return { agent, status: 'absent' };
  return { agent, status: 'refused', message: told.message ?? told.status };
}

function drainedText({ agent, status, message }: Drained): string {
  switch (status) {
    case 'draining':
      return `${agent} finishes what it has, and leaves`;
    case 'absent':
      return absentText(agent);
    default:
      return `${agent}: ${message ?? status}`;
  }
}
