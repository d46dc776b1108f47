/**
 * What an event of the log was, by the tracker's own state at that moment: a start of a task that somebody else had,
 * a close of a closed one, and so on. The tracker itself accepted all of these. Pure.
 */

import type { TrackerEvent } from './event.ts';
import { isClosed, isHeldBack, TrackerState } from './tracker-state.ts';

/** How a start met its task, in the order in which they are asked. */
export const startConducts = [
  'closed',
  'held-early',
  'held-late',
  'own',
  'blocked',
  'open',
  'no-task',
] as const;
export type StartConduct = (typeof startConducts)[number];

export const closeConducts = ['again', 'foreign', 'own', 'not-started', 'no-task'] as const;
export type CloseConduct = (typeof closeConducts)[number];

/** How soon after the start before a start counts as a race. */
const RACE_MS = 60_000;

/** Folds the log and judges each event by what was before it. */
export class ConductBook {
  readonly #state = new TrackerState();
  readonly #lateAfterMs: number;

  /** `lateAfterMs`: how long nothing was said of a task before somebody else might take it. */
  constructor(lateAfterMs: number) {
    this.#lateAfterMs = lateAfterMs;
  }

  /** Since the log last spoke of the task; undefined for one that it does not know. */
  silentMs({ task, at }: TrackerEvent): number | undefined {
    const lastAt = this.#state.tasks.get(task)?.lastAt;
    return lastAt === undefined ? undefined : at - lastAt;
  }

  /** What a start is. `race`: another actor's start of the held task was within the last minute. */
  start(event: TrackerEvent): { readonly conduct: StartConduct; readonly race: boolean } {
    const task = this.#state.tasks.get(event.task);
    const is = (conduct: StartConduct, race = false) => ({ conduct, race });
    if (task === undefined) return is('no-task');
    if (isClosed(task.status)) return is('closed');
    if (task.status === 'in_progress') {
      if (task.starter === event.actor) return is('own');
      const race = task.startedAt !== undefined && event.at - task.startedAt <= RACE_MS;
      return is(event.at - task.lastAt < this.#lateAfterMs ? 'held-early' : 'held-late', race);
    }
    return is(isHeldBack(this.#state, event.task) ? 'blocked' : 'open');
  }

  /** What a close is. */
  close(event: TrackerEvent): CloseConduct {
    const task = this.#state.tasks.get(event.task);
    if (task === undefined) return 'no-task';
    if (isClosed(task.status)) return 'again';
    if (task.status !== 'in_progress') return 'not-started';
    return task.starter === event.actor ? 'own' : 'foreign';
  }

  /** Goes on to the state after the event. */
  apply(event: TrackerEvent): void {
    this.#state.apply(event);
  }
}
