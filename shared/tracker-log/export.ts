/**
 * A task of the board as lines of the tracker's log. The same task gives the same event ids, so that the tracker,
 * which merges logs by event id, takes a second export of it once. Pure.
 *
 * The tracker knows three statuses: a cancelled task is closed there, a failed or blocked one open, and a comment says
 * what it is here.
 */
import type { Task } from '../../schemas/index.ts';
import type { TrackerEventType } from './event.ts';

/** `createdAt`: when a task was made, for links that cannot be older than both their ends. */
export function trackerLines(task: Task, createdAt: (id: string) => number | undefined): string[] {
  const lines: string[] = [];
  const say = (type: TrackerEventType, at: number, fields: Fields, of = task.id) => {
    const seed = JSON.stringify([of, type, at, fields]);
    // Events of one moment stay in the order in which they are told here.
    const id = eventId(at, lines.length, seed);
    lines.push(JSON.stringify({ event_id: id, task_id: of, type, timestamp: iso(at), ...fields }));
  };
  const { title, body, priority, created_by: maker, created_at: made } = task;
  const text = body === undefined ? {} : { body };
  say('task_created', made, { actor: maker, title, ...text, status: 'open', priority });
  for (const label of task.labels) {
    const [, key, value] = /^(epic|project):(.+)$/.exec(label) ?? [];
    if (key === 'epic') say('task_epic_set', made, { actor: maker, related_task_id: value });
    if (key === 'project') say('task_project_set', made, { actor: maker, related_task_id: value });
  }
  const since = (id: string) => Math.max(made, createdAt(id) ?? made);
  if (task.parent !== undefined) {
    say('task_parent_set', since(task.parent), { actor: maker, related_task_id: task.parent });
  }
  for (const dep of task.deps)
    say('task_blocked', since(dep), { actor: maker, related_task_id: task.id }, dep);
  if (task.started_at !== undefined) {
    say('task_started', task.started_at, { actor: task.started_by, status: 'in_progress' });
  }
  for (const { kind, at, text: said } of task.attachments) {
    say('task_commented', at, { comment: `${kind}: ${said}` });
  }
  const { updated_at: at, state } = task;
  if (state === 'closed') {
    say('task_closed', task.closing?.at ?? at, { actor: task.closing?.by, status: 'closed' });
    return lines;
  }
  if (state === 'failed' || state === 'blocked' || state === 'cancelled') {
    const why = task.blocked_reason === undefined ? '' : `: ${task.blocked_reason}`;
    say('task_commented', at, { comment: `${state}${why}` });
  }
  if (state === 'cancelled') say('task_closed', at, { status: 'closed' });
  const isUnderWay = state === 'claimed' || state === 'submitted' || state === 'committing';
  if (!isUnderWay && state !== 'cancelled' && task.started_at !== undefined) {
    say('task_status_changed', at, { status: 'open' });
  }
  return lines;
}

type Fields = Readonly<Record<string, string | undefined>>;

const iso = (ms: number): string => new Date(ms).toISOString();

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID: ten letters of time, then one for the order and fifteen of a digest. */
function eventId(at: number, order: number, seed: string): string {
  let time = '';
  for (let rest = at, place = 0; place < 10; place += 1) {
    time = `${LETTERS[rest % 32] ?? '0'}${time}`;
    rest = Math.floor(rest / 32);
  }
  let digest = '';
  for (let round = 0; digest.length < 15; round += 1) {
    let hash = fnv(`${round}${seed}`);
    for (let place = 0; place < 5; place += 1) {
      digest += LETTERS[hash % 32] ?? '0';
      hash = Math.floor(hash / 32);
    }
  }
  return `${time}${LETTERS[Math.min(order, 31)] ?? 'Z'}${digest}`;
}

/** FNV-1a of 32 bits. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash ^= text.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return hash;
}
