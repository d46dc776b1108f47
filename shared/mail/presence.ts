/**
 * Saying that somebody without a heartbeat is here. Plain publishes, without an answer: a lost one is followed by the
 * next.
 */
import type { Presence } from '../../schemas/index.ts';
import { subjectsOf } from '../bus/subjects.ts';
import type { BusLink } from './bus-link.ts';

/** How often an open watch says it. */
const EVERY_MS = 5_000;

/** Says it once, as that agent (default: the desk's own). */
export function showPresence(link: BusLink, via: Presence['via'], agent = link.agent): void {
  const { swarm, project, host } = link;
  const presence: Presence = { v: 1, kind: 'presence', via, ...(host === '' ? {} : { host }) };
  const payload = Buffer.from(JSON.stringify(presence));
  swarm.publish(subjectsOf(project).presence(agent), payload, { 'Content-Type': 'application/json' });
}

/** Says it until the signal aborts. */
export async function keepPresent(link: BusLink, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // Nobody hears it on a connection that is down, and the next one is near.
    if (link.swarm.isConnected()) showPresence(link, 'watch');
    await link.clock.sleep(EVERY_MS, signal).catch(() => undefined);
  }
}
