/**
 * `waggle drain`: tells running agents to finish what they have, or give it back, and leave.
 */
import { Command } from 'commander';
import { call } from '../../../shared/bus/rpc.ts';
import { subjectsOf } from '../../../shared/bus/subjects.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import { agentName } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { outputOf, type ProjectLink, withProject } from '../session.ts';

interface Flags {
  readonly json?: true;
}

/** What became of one agent. */
interface Told {
  readonly agent: string;
  readonly status: 'draining' | 'absent' | 'refused';
  readonly message?: string;
}

const TIMEOUT_MS = 5_000;

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
      const told = await withProject(session, (link) =>
        Promise.all(wanted.map((agent) => drain(link, agent, session.signal))),
      );
      output.answer(told, () => told.map(toldText).join('\n'));
      if (told.some(({ status }) => status !== 'draining')) exit(1);
    });

const agentNames = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  agentName(text),
];

async function drain({ swarm, context }: ProjectLink, agent: string, signal: AbortSignal): Promise<Told> {
  const subject = subjectsOf(context.project).request('control', agent);
  try {
    const options = { timeoutMs: TIMEOUT_MS, signal };
    const answer = await call(swarm, subject, ['Control', { v: 1, kind: 'drain' }], 'ControlAnswer', options);
    if (answer.status === 'done') return { agent, status: 'draining' };
    return { agent, status: 'refused', message: answer.message ?? answer.status };
  } catch (error) {
    if (isWaggleError(error, 'no-responder')) return { agent, status: 'absent' };
    if (isWaggleError(error, 'bus-timeout')) {
      return { agent, status: 'refused', message: `no answer within ${TIMEOUT_MS} ms` };
    }
    throw error;
  }
}

function toldText({ agent, status, message }: Told): string {
  switch (status) {
    case 'draining':
      return `${agent} finishes what it has, and leaves`;
    case 'absent':
      return `${agent} takes no orders: it does not run, or is no worker or committer (\`waggle ps\`)`;
    default:
      return `${agent}: ${message ?? status}`;
  }
}
