/**
 * What a log of the tracker holds, and what a strict tracker would have said to it, counted in the plainest way and
 * from the text alone: nothing of `shared/` is used, so that it can judge what is.
 */

interface PlainEvent {
  event_id: string;
  task_id: string;
  type: string;
  timestamp: string;
  actor?: string;
  status?: string;
  related_task_id?: string;
}

const LATE_MS = 45 * 60_000;

/** Whole events, each once, by time. */
function eventsOf(text: string): PlainEvent[] {
  const byId = new Map<string, PlainEvent>();
  for (const line of text.split('\n')) {
    let event: PlainEvent;
    try {
      event = JSON.parse(line);
    } catch {
      continue;
    }
    if (typeof event.event_id !== 'string' || typeof event.timestamp !== 'string') continue;
    if (!byId.has(event.event_id)) byId.set(event.event_id, event);
  }
  return [...byId.values()].sort((a, b) =>
    a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0,
  );
}

const ms = (timestamp: string): number =>
  Date.parse(`${timestamp.slice(0, 19)}Z`) + 1000 * Number(/\.\d+/.exec(timestamp)?.[0] ?? 0);

/** Counts of the log, as the tracker folds it: whatever comes is taken. */
export function plainCounts(text: string) {
  const status = new Map<string, string>();
  const starter = new Map<string, string | undefined>();
  const startedAt = new Map<string, number>();
  const saidAt = new Map<string, number>();
  const blockers = new Map<string, string[]>();
  const counts = {
    starts: 0,
    starts_of_held: 0,
    starts_within_60s: 0,
    early_takeovers: 0,
    starts_of_closed: 0,
    starts_of_blocked: 0,
    closes: 0,
    closes_again: 0,
    foreign_closes: 0,
    closes_not_started: 0,
  };
  for (const { task_id: task, type, timestamp, actor, related_task_id: other = '', ...event } of eventsOf(
    text,
  )) {
    const at = ms(timestamp);
    const was = status.get(task);
    if (type === 'task_created' && was === undefined) status.set(task, 'open');
    if (type === 'task_started') {
      counts.starts += 1;
      if (was === 'closed') counts.starts_of_closed += 1;
      if (was === 'in_progress' && starter.get(task) !== actor) {
        counts.starts_of_held += 1;
        if (at - (startedAt.get(task) ?? 0) <= 60_000) counts.starts_within_60s += 1;
        if (at - (saidAt.get(task) ?? 0) < LATE_MS) counts.early_takeovers += 1;
      }
      const isBlocked = (blockers.get(task) ?? []).some((blocker) => status.get(blocker) !== 'closed');
      if (was === 'open' && isBlocked) counts.starts_of_blocked += 1;
      status.set(task, 'in_progress');
      starter.set(task, actor);
      startedAt.set(task, at);
    }
    if (type === 'task_closed') {
      counts.closes += 1;
      if (was === 'closed') counts.closes_again += 1;
      if (was === 'open') counts.closes_not_started += 1;
      if (was === 'in_progress' && starter.get(task) !== actor) counts.foreign_closes += 1;
      status.set(task, 'closed');
    }
    if (type === 'task_status_changed') status.set(task, event.status ?? '');
    if (type === 'task_blocked') blockers.set(other, [...(blockers.get(other) ?? []), task]);
    if (type !== 'task_created' || was === undefined) saidAt.set(task, at);
  }
  return counts;
}

/** What a tracker with one owner a task says to the starts, closes and reopens of the log, by its word. */
export function strictAnswers(text: string) {
  const closed = new Set<string>();
  const owner = new Map<string, string>();
  const logOwner = new Map<string, string>();
  const saidAt = new Map<string, number>();
  const blockers = new Map<string, string[]>();
  const known = new Set<string>();
  const answers: Record<string, number> = {};
  const say = (action: string, word: string) => {
    answers[`${action} ${word}`] = (answers[`${action} ${word}`] ?? 0) + 1;
  };
  for (const { task_id: task, type, timestamp, actor = '', related_task_id: other = '' } of eventsOf(text)) {
    const at = ms(timestamp);
    const holder = owner.get(task);
    if (type === 'task_created') {
      if (known.has(task)) {
        say('create', 'duplicate-id');
        continue;
      }
      say('create', 'accepted');
      known.add(task);
    }
    if (type === 'task_started') {
      const before = logOwner.get(task);
      const asks = before !== undefined && before !== actor && at - (saidAt.get(task) ?? 0) >= LATE_MS;
      if (holder === actor) say('start', 'repeated');
      else if (holder !== undefined && !asks) say('start', 'held');
      else if (closed.has(task)) say('start', 'not-open');
      else if (holder === undefined && (blockers.get(task) ?? []).some((one) => !closed.has(one))) {
        say('start', 'blocked');
      } else {
        say('start', 'accepted');
        owner.set(task, actor);
      }
      logOwner.set(task, actor);
    }
    if (type === 'task_closed') {
      if (closed.has(task)) say('close', 'repeated');
      else if (holder !== undefined && holder !== actor) say('close', 'held');
      else {
        say('close', 'accepted');
        closed.add(task);
        owner.delete(task);
      }
      logOwner.delete(task);
    }
    if (type === 'task_status_changed') {
      if (holder !== undefined && holder !== actor) say('status', 'held');
      else if (holder === undefined && !closed.has(task)) say('status', 'repeated');
      else {
        say('status', 'accepted');
        owner.delete(task);
        closed.delete(task);
      }
      logOwner.delete(task);
    }
    if (type === 'task_blocked') {
      say('block', 'accepted');
      blockers.set(other, [...(blockers.get(other) ?? []), task]);
    }
    saidAt.set(task, at);
  }
  return answers;
}
