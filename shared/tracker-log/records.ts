/**
 * The tracker's tasks as its log leaves them, with all that an import needs: the state that `tracker-state.ts` folds,
 * and the texts. Grows with the tasks: a task's texts are cut at what one may hold here. Pure.
 */
import { INLINE_TEXT_LIMIT } from '../../schemas/limits.ts';
import type { TrackerEvent } from './event.ts';
import { type HeldTask, TrackerState } from './tracker-state.ts';

/** What the log says of a task beside its state. */
interface Texts {
  title: string;
  body: string | undefined;
  priority: string | undefined;
  epic: string | undefined;
  project: string | undefined;
  closedAt: number | undefined;
  closedBy: string | undefined;
  /** A line for each. */
  comments: string;
}

/** A task of the log. */
export type TrackerTask = Readonly<Texts> & Readonly<HeldTask> & { readonly id: string };

/** How many ids a report names. */
const IDS_KEPT = 20;

export class TrackerRecords {
  readonly #state = new TrackerState();
  readonly #texts = new Map<string, Texts>();
  readonly #createdTwice: string[] = [];
  #duplicateCreates = 0;
  #strays = 0;
  #deleted = 0;

  apply(event: TrackerEvent): void {
    this.#applyTexts(event);
    this.#state.apply(event);
  }

  /** The tasks that were not deleted, as they were created. */
  *tasks(): IterableIterator<TrackerTask> {
    for (const [id, held] of this.#state.tasks) {
      const texts = this.#texts.get(id);
      if (texts !== undefined) yield { id, ...texts, ...held };
    }
  }

  /** What the fold met that a log should not hold; `strays`: events about tasks that are not there. */
  report() {
    return {
      duplicate_creates: this.#duplicateCreates,
      created_twice: this.#createdTwice,
      strays: this.#strays,
      deleted: this.#deleted,
    };
  }

  #applyTexts(event: TrackerEvent): void {
    const { task, type } = event;
    const texts = this.#texts.get(task);
    if (type === 'task_created') {
      if (texts === undefined) this.#texts.set(task, newTexts(event));
      else this.#createTwice(task);
      return;
    }
    if (texts === undefined) {
      this.#strays += 1;
      return;
    }
    switch (type) {
      case 'task_edited':
        texts.title = event.title?.trim() || texts.title;
        if (event.body !== undefined) texts.body = event.body.trim() === '' ? undefined : clipped(event.body);
        return;
      case 'task_priority_changed':
        texts.priority = event.priority;
        return;
      case 'task_closed':
        texts.closedAt = event.at;
        texts.closedBy = event.actor;
        return;
      case 'task_status_changed':
        texts.closedAt = event.status === 'closed' ? event.at : undefined;
        texts.closedBy = event.status === 'closed' ? event.actor : undefined;
        return;
      case 'task_commented': {
        const who = `${new Date(event.at).toISOString().slice(0, 16)}Z ${event.actor ?? 'unknown'}`;
        texts.comments = clipped(`${texts.comments}\n- ${who}: ${event.comment ?? ''}`);
        return;
      }
      case 'task_epic_set':
        texts.epic = event.related;
        return;
      case 'task_epic_cleared':
        texts.epic = undefined;
        return;
      case 'task_project_set':
        texts.project = event.related;
        return;
      case 'task_project_cleared':
        texts.project = undefined;
        return;
      case 'task_deleted':
        this.#deleted += 1;
        this.#texts.delete(task);
        return;
      default:
        return;
    }
  }

  #createTwice(task: string): void {
    this.#duplicateCreates += 1;
    if (this.#createdTwice.length < IDS_KEPT) this.#createdTwice.push(task);
  }
}

const newTexts = ({ title = '', body, priority }: TrackerEvent): Texts => ({
  title,
  body: body === undefined || body.trim() === '' ? undefined : clipped(body),
  priority,
  epic: undefined,
  project: undefined,
  closedAt: undefined,
  closedBy: undefined,
  comments: '',
});

const clipped = (text: string): string => text.slice(0, INLINE_TEXT_LIMIT);
