/**
 * What became of a control message, in words. Pure.
 */
import type { Control } from '../../schemas/index.ts';
import { assertNever } from '../../shared/errors.ts';
import type { Told } from './control-sending.ts';
import { singleLine } from './printable.ts';

/** One line for one agent that was told `kind`. `tasks`: those that it gave back. */
export function toldText(told: Told & { readonly tasks?: readonly string[] }, kind: Control['kind']): string {
  const { agent, status, message, tasks = [] } = told;
  const note = message === undefined ? '' : `: ${singleLine(message)}`;
  switch (status) {
    case 'done': {
      const back =
        tasks.length === 0 ? '' : `; ${tasks.join(', ')} ${tasks.length === 1 ? 'goes' : 'go'} back`;
      return `${agent}: ${appliedText(told.applied, kind)}${back}${note}`;
    }
    case 'ignored':
      return `${agent}: nothing to do${note}`;
    case 'refused':
      return `${agent}: refused${note}`;
    case 'absent':
      return absentText(agent);
    default:
      return assertNever(status);
  }
}

/** For an agent that nobody answers for. */
export function absentText(agent: string): string {
  return `${agent} takes no orders: it does not run, or is no worker or committer (\`waggle ps\`)`;
}

function appliedText(applied: Told['applied'], kind: Control['kind']): string {
  switch (applied) {
    case undefined:
      return 'done';
    case 'now':
      return 'applied now';
    case 'next_run':
      // These change nothing in a run: they wait for its end.
      return kind === 'stop' || kind === 'pause' ? 'applied when its run ends' : 'applied with its next run';
    default:
      return assertNever(applied);
  }
}
