/**
 * What the journal says about one task, read backwards: the newest batches hold what is asked for most often,
 * and the task's first event ends the search.
 */
import type { Event } from '../../../../schemas/index.ts';
import type { BoardClient } from '../../../../shared/bus/board-client.ts';
import { type JournalEvent, taskOf } from '../../event-words.ts';
import { journalEnd, windowsBack } from '../../journal-windows.ts';

export interface History {
  /** Oldest first. */
  readonly events: readonly JournalEvent[];
  /** False when the task's older events are not in the journal any more, or too far back. */
  readonly isWhole: boolean;
}

/** 20,000 batches back: some seconds. */
const WINDOWS = 400;

/** The events of `task` back to its first, or to the newest that `isEnough`. */
export async function readHistory(
  client: BoardClient,
  task: string,
  signal: AbortSignal,
  isEnough: (event: Event) => boolean = () => false,
): Promise<History> {
  const events: JournalEvent[] = [];
  let windows = 0;
  for await (const found of windowsBack(client, await journalEnd(client, signal), signal)) {
    for (const one of found.filter(({ event }) => taskOf(event) === task).toReversed()) {
      events.unshift(one);
      if (one.event.type === 'task_added' || isEnough(one.event)) return { events, isWhole: true };
    }
    windows += 1;
    if (windows >= WINDOWS) break;
  }
  return { events, isWhole: false };
}
