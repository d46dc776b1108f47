/**
 * Which events of the journal are asked for, and the newest of them.
 */
import type { Event } from '../../../schemas/index.ts';
import type { BoardClient } from '../../../shared/bus/board-client.ts';
import { type JournalEvent, taskOf } from '../event-words.ts';
import { journalEnd, windowsBack } from '../journal-windows.ts';

/** `since` in milliseconds since the epoch, inclusive. */
export interface EventChoice {
  readonly task?: string;
  readonly types?: readonly Event['type'][];
  readonly since?: number;
}

/** Whether the choice takes the event. */
export function isChosen({ at, event }: JournalEvent, { task, types, since }: EventChoice): boolean {
  if (task !== undefined && taskOf(event) !== task && !isAbout(event, task)) return false;
  if (types !== undefined && !types.includes(event.type)) return false;
  return since === undefined || at >= since;
}

/** A command's answer names the tasks that it changed. */
const isAbout = (event: Event, task: string): boolean =>
  event.type === 'answered' && (event.tasks ?? []).some(({ id }) => id === task);

/** At most `limit` events (0: all), oldest first, and the journal's last sequence when it was looked at. */
export async function recentEvents(
  client: BoardClient,
  choice: EventChoice,
  limit: number,
  signal: AbortSignal,
): Promise<{ readonly events: readonly JournalEvent[]; readonly last: number }> {
  const last = await journalEnd(client, signal);
  const newestFirst: JournalEvent[] = [];
  for await (const window of windowsBack(client, last, signal)) {
    newestFirst.push(...window.filter((one) => isChosen(one, choice)).toReversed());
    // The journal's time never goes back.
    const isPast = choice.since !== undefined && (window[0]?.at ?? 0) < choice.since;
    if (isPast || (limit > 0 && newestFirst.length >= limit)) break;
  }
  const taken = limit === 0 ? newestFirst : newestFirst.slice(0, limit);
  return { events: taken.toReversed(), last };
}
