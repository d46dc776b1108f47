/**
 * Whose output is meant: the newest (or the named) run of a task, or everything of an agent. An exact task id
 * comes first, then an agent that has written something, then the beginning of a task id.
 */
import type { EventOf, TaskView } from '../../../../schemas/index.ts';
import { ID_PATTERN, NAME_PATTERN } from '../../../../schemas/limits.ts';
import { isWaggleError, WaggleError } from '../../../../shared/errors.ts';
import type { ProjectLink } from '../../session.ts';
import { readHistory } from '../task/history.ts';

/** A subject's worth of output. */
export interface Source {
  readonly agent: string;
  readonly run?: string;
  /** The grant that the run works under, while it is live. */
  readonly liveFence?: number;
  /** For messages: `task a-1`, `agent w1`. */
  readonly label: string;
}

/** Errors: `refused` when there is neither such a task nor such an agent; `usage` for a malformed run. */
export async function findSource(
  link: ProjectLink,
  name: string,
  run: string | undefined,
  signal: AbortSignal,
): Promise<Source | { readonly absent: string }> {
  if (run !== undefined && !new RegExp(ID_PATTERN).test(run)) {
    throw new WaggleError('usage', {
      message: `--run: expected the id of a run, got ${JSON.stringify(run)}`,
    });
  }
  const lower = name.toLowerCase();
  if (lower.startsWith('@')) return agentSource(lower.slice(1), run);
  const task = await findTask(link, lower, signal);
  if ('view' in task && task.view.task.id === lower) return taskSource(link, task.view, run, signal);
  if (await hasOutput(link, lower, signal)) return agentSource(lower, run);
  if ('view' in task) return taskSource(link, task.view, run, signal);
  if (await isAgent(link, lower, signal)) return agentSource(lower, run);
  if (task.error.details['reason'] !== 'unknown-task') throw task.error;
  throw new WaggleError('refused', {
    message: `there is no task ${name}, and no agent ${name} has written anything`,
    reason: 'unknown-task',
  });
}

function agentSource(agent: string, run: string | undefined): Source {
  if (!new RegExp(NAME_PATTERN).test(agent)) {
    throw new WaggleError('usage', {
      message: `expected the name of an agent after @, got ${JSON.stringify(agent)}`,
    });
  }
  return { agent, label: `agent ${agent}`, ...(run === undefined ? {} : { run }) };
}

async function findTask(
  { client }: ProjectLink,
  id: string,
  signal: AbortSignal,
): Promise<{ view: TaskView } | { error: WaggleError }> {
  try {
    return await client.query({ v: 1, kind: 'task', id }, signal);
  } catch (error) {
    if (isWaggleError(error, 'refused')) return { error };
    throw error;
  }
}

async function hasOutput({ reader }: ProjectLink, agent: string, signal: AbortSignal): Promise<boolean> {
  if (!new RegExp(NAME_PATTERN).test(agent)) return false;
  return (await reader.output({ agent, after: 0, limit: 1 }, signal)).chunks.length > 0;
}

async function isAgent({ reader }: ProjectLink, agent: string, signal: AbortSignal): Promise<boolean> {
  return (await reader.beats(signal)).beats.some((beat) => beat.agent === agent);
}

async function taskSource(
  { client }: ProjectLink,
  { task }: TaskView,
  run: string | undefined,
  signal: AbortSignal,
): Promise<Source | { readonly absent: string }> {
  const { grant, submission, id } = task;
  const label = `task ${id}`;
  const liveOf = (fence: number) => (grant?.fence === fence ? { liveFence: fence } : {});
  const known = grant?.kind === 'work' ? grant : submission;
  if (known !== undefined && (run === undefined || known.run === run)) {
    return { agent: known.agent, run: known.run, label, ...liveOf(known.fence) };
  }
  const isWanted = (event: { type: string }): event is EventOf<'granted'> => {
    if (event.type !== 'granted') return false;
    const granted = (event as EventOf<'granted'>).grant;
    return granted.kind === 'work' && (run === undefined || granted.run === run);
  };
  const { events } = await readHistory(client, id, signal, isWanted);
  const found = events.map(({ event }) => event).find(isWanted);
  if (found !== undefined) {
    const { agent, fence } = found.grant;
    return { agent, run: found.grant.run, label, ...liveOf(fence) };
  }
  return {
    absent:
      run === undefined ? `${label} has had no run yet (it is ${task.state})` : `${label} has no run ${run}`,
  };
}
