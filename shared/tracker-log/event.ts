/**
 * One event of the `sv` tracker's log, as its line says it. Names of tasks and actors are the tracker's own here.
 */

/** What an event says beside whom and when. */
export const trackerEventTypes = [
  'task_created',
  'task_started',
  'task_status_changed',
  'task_priority_changed',
  'task_edited',
  'task_closed',
  'task_deleted',
  'task_commented',
  'task_epic_set',
  'task_epic_cleared',
  'task_epic_auto_close_set',
  'task_epic_auto_close_cleared',
  'task_project_set',
  'task_project_cleared',
  'task_parent_set',
  'task_parent_cleared',
  'task_blocked',
  'task_unblocked',
  'task_related',
  'task_unrelated',
] as const;
export type TrackerEventType = (typeof trackerEventTypes)[number];

/** An event of the log. `at`: milliseconds since the epoch, with the fraction that the log gives. */
export interface TrackerEvent {
  readonly id: string;
  readonly task: string;
  readonly type: TrackerEventType;
  readonly at: number;
  readonly actor?: string;
  readonly title?: string;
  readonly body?: string;
  readonly status?: string;
  readonly priority?: string;
  readonly comment?: string;
  /** The other task: the parent, the epic, the project, or with `task_blocked` the one that is blocked by `task`. */
  readonly related?: string;
}

/** The log's order: by time, then by id. */
export function isBefore(one: TrackerEvent, other: TrackerEvent): boolean {
  return one.at === other.at ? one.id < other.id : one.at < other.at;
}
