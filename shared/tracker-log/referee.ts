/**
 * Watches what the board lets happen, with books of its own: who has what, what is closed, what waits. It looks at
 * events alone and knows none of the board's rules, so that a board that broke one would be seen. Pure.
 */
import type { Event } from '../../schemas/index.ts';

/** What must never happen; each is a count. */
export interface Violations {
  double_owners: number;
  early_takeovers: number;
  foreign_closes: number;
  starts_of_closed: number;
  starts_of_blocked: number;
}

interface Watched {
  owner: string | undefined;
  state: string;
  deps: readonly string[];
  parent: string | undefined;
}

export class Referee {
  readonly #tasks = new Map<string, Watched>();
  readonly #lateAfterMs: number;
  readonly violations: Violations = {
    double_owners: 0,
    early_takeovers: 0,
    foreign_closes: 0,
    starts_of_closed: 0,
    starts_of_blocked: 0,
  };

  /** `lateAfterMs`: a takeover before that much silence is an early one. */
  constructor(lateAfterMs: number) {
    this.#lateAfterMs = lateAfterMs;
  }

  /** What one action of `from` made the board do. `silentMs`: since anybody spoke of the task. */
  see(events: readonly Event[], from: string, silentMs: number): void {
    for (const event of events) this.#see(event, from, silentMs);
  }

  #see(event: Event, from: string, silentMs: number): void {
    if (event.type === 'task_added') {
      const { id, state, deps, parent } = event.task;
      this.#tasks.set(id, { owner: undefined, state, deps, parent });
      return;
    }
    const task = 'task' in event && typeof event.task === 'string' ? this.#tasks.get(event.task) : undefined;
    if (task === undefined) return;
    const { violations } = this;
    switch (event.type) {
      case 'task_edited': {
        const { deps, parent } = event.patch;
        task.deps = deps ?? task.deps;
        if (parent !== undefined) task.parent = parent ?? undefined;
        return;
      }
      case 'granted':
        if (task.owner !== undefined) violations.double_owners += 1;
        if (task.state === 'closed') violations.starts_of_closed += 1;
        if (this.#waits(event.task)) violations.starts_of_blocked += 1;
        task.owner = event.grant.agent;
        task.state = 'claimed';
        return;
      case 'grant_ended':
        if (event.to === 'closed' && task.owner !== from) violations.foreign_closes += 1;
        if (event.end.why === 'takeover' && silentMs < this.#lateAfterMs) violations.early_takeovers += 1;
        task.owner = undefined;
        task.state = event.to;
        return;
      case 'task_moved':
        if (event.to === 'closed' && task.owner !== undefined && task.owner !== from) {
          violations.foreign_closes += 1;
        }
        task.owner = undefined;
        task.state = event.to;
        return;
      default:
        return;
    }
  }

  /** Whether the task or something above it is blocked, or has a dep that is not closed. */
  #waits(id: string): boolean {
    const seen = new Set<string>();
    for (let next: string | undefined = id; next !== undefined && !seen.has(next); ) {
      seen.add(next);
      const task = this.#tasks.get(next);
      if (task === undefined) return false;
      const isEnded = next !== id && ['closed', 'cancelled', 'failed'].includes(task.state);
      if (!isEnded && task.state === 'blocked') return true;
      if (!isEnded && task.deps.some((dep) => this.#tasks.get(dep)?.state !== 'closed')) return true;
      next = task.parent;
    }
    return false;
  }
}
