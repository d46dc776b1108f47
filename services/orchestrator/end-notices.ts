/**
 * Tells an agent at once when its grant ended by somebody else's doing, and when its run must end because a budget is
 * used up. Only a hint over core NATS: whoever misses it learns from its next `grants` query or claim.
 */
import type { Control, Event } from '../../schemas/index.ts';
import type { Halt } from '../../shared/board/halts.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';

/** Ends that the holder itself reported need no notice. */
const byOthers: ReadonlySet<string> = new Set([
  'takeover',
  'cancelled',
  'closed',
  'reopened',
  'restarted',
  'unlisted',
]);

export function notifyEnds(swarm: Bus, project: string, events: readonly Event[]): void {
  for (const event of events) {
    if (event.type !== 'grant_ended') continue;
    const isOperatorsBlock = event.end.why === 'blocked' && event.end.report === undefined;
    if (!byOthers.has(event.end.why) && !isOperatorsBlock) continue;
    tell(swarm, project, event.agent, { v: 1, kind: 'end', fence: event.end.fence, reason: event.end.why });
  }
}

export function notifyHalts(swarm: Bus, project: string, halts: readonly Halt[]): void {
  for (const { agent, fence, why } of halts) {
    tell(swarm, project, agent, { v: 1, kind: 'halt', fence, reason: why });
  }
}

function tell(swarm: Bus, project: string, agent: string, control: Control): void {
  const { payload, headers } = encode('Control', control);
  swarm.publish(subjectsOf(project).request('control', agent), payload, headers);
}
