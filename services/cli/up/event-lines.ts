/**
 * What `waggle up` says of its services while it runs: a line an event. Pure.
 */
import { exitText } from '../../../infra/supervisor/restart-policy.ts';
import type { SupervisorEvent } from '../../../infra/supervisor/supervisor.ts';
import { formatDuration } from '../../../shared/config/durations.ts';

/** Undefined for what nobody needs to hear: a first start, which is told when the service is ready. */
export function eventLine(event: SupervisorEvent): string | undefined {
  const { name } = event;
  switch (event.kind) {
    case 'started':
      return event.restarts === 0 ? undefined : `${name} runs again (process ${event.pid})`;
    case 'exited':
      return event.expected ? `${name} left` : `${name} ended (${exitText(event.exit)})${because(event)}`;
    case 'restarting':
      return event.waitMs < 1_000 ? undefined : `${name} starts again in ${formatDuration(event.waitMs)}`;
    case 'gave-up':
      return `${name} is not started again (${exitText(event.exit)})${because(event)}`;
  }
}

const because = ({ lastLine }: { readonly lastLine?: string }): string =>
  lastLine === undefined ? '' : `: ${lastLine}`;
