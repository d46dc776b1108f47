/**
 * Tells an agent at once when its grant ended by somebody else's doing. Only a hint over core NATS: whoever
 * misses it learns from its next `grants` query or claim.
 */
import type { Event } from '../../schemas/index.ts';
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
    const notice = { v: 1 as const, kind: 'end' as const, fence: event.end.fence, reason: event.end.why };
    const { payload, headers } = encode('Control', notice);
    swarm.publish(subjectsOf(project).request('control', event.agent), payload, headers);
  }
}
