/**
 * What all control commands share: their flags, whom they reach, and how they answer. Exit code 1 when it was not done
 * everywhere.
 */
import type { Command } from 'commander';
import type { Control } from '../../schemas/index.ts';
import { WaggleError } from '../../shared/errors.ts';
import { addressedAgents } from './addressed-words.ts';
import { beatingWorkers } from './agent-list.ts';
import { sendControl, type Told } from './control-sending.ts';
import { toldText } from './control-text.ts';
import { outputOf, type ProjectLink, type Session, withProject } from './session.ts';

export interface ControlFlags {
  readonly all?: true;
  readonly json?: true;
}

/** Of a command that has nothing to say but its kind: `words` are agents. */
export const WHO = 'names of agents (`waggle ps` lists them)';

/** Adds the flags that they all have. */
export function controlFlags(command: Command): Command {
  return command
    .option('--all', 'every worker that is heard of')
    .option('--json', 'answer in JSON: a list of {agent, status, applied?, message?}');
}

/** A further look before the message goes out: what each agent holds then. */
export type Look = (
  link: ProjectLink,
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, readonly string[]>>;

/** Tells each agent, prints what became of it, and sets the exit code. Errors: `refused` when `--all` is nobody. */
export async function tellAgents(
  session: Session,
  exit: (code: number) => void,
  flags: ControlFlags,
  agents: readonly string[],
  control: Control,
  look?: Look,
): Promise<void> {
  const output = outputOf(session, { json: flags.json === true });
  const { signal } = session;
  const told = await withProject(session, async (link) => {
    const wanted = flags.all === true ? await everyWorker(link, signal) : agents;
    const held = await look?.(link, signal);
    const { swarm, context } = link;
    return Promise.all(
      wanted.map(async (agent): Promise<Told & { readonly tasks?: readonly string[] }> => {
        const one = await sendControl(swarm, context.project, agent, control, signal);
        const tasks = one.status === 'done' ? (held?.get(agent) ?? []) : [];
        return tasks.length === 0 ? one : { ...one, tasks };
      }),
    );
  });
  output.answer(told, () => told.map((one) => toldText(one, control.kind)).join('\n'));
  if (told.some(({ status }) => status !== 'done')) exit(1);
}

/** The same for a command whose words are all agents. */
export function tellWords(
  session: Session,
  exit: (code: number) => void,
  flags: ControlFlags,
  words: readonly string[],
  control: Control,
  look?: Look,
): Promise<void> {
  const agents = addressedAgents(words, flags.all === true);
  return tellAgents(session, exit, flags, agents, control, look);
}

async function everyWorker({ reader }: ProjectLink, signal: AbortSignal): Promise<string[]> {
  const { beats } = await reader.beats(signal);
  const workers = beatingWorkers(beats);
  if (workers.length > 0) return workers;
  throw new WaggleError('refused', { message: 'no worker is heard of (`waggle ps`)', reason: 'nobody' });
}
