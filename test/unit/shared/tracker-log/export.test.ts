import { describe, expect, test } from 'vitest';
import type { Task } from '../../../../schemas/index.ts';
import { trackerLines } from '../../../../shared/tracker-log/export.ts';

const at = Date.UTC(2026, 1, 9);
const task: Task = {
  id: 'a',
  title: 'first',
  priority: 'P1',
  labels: ['epic:e', 'ui'],
  deps: ['b'],
  paths: [],
  gates: [],
  expects: 'none',
  state: 'open',
  revision: 1,
  created_at: at,
  updated_at: at + 9_000,
  created_by: 'op',
  attempts: 0,
  losses: 0,
  conflicts: 0,
  attachments: [],
};
const lines = (changes: Partial<Task>) =>
  trackerLines({ ...task, ...changes }, (id) => (id === 'b' ? at + 5_000 : undefined)).map((line) =>
    JSON.parse(line),
  );
const types = (changes: Partial<Task>) => lines(changes).map(({ type }) => type.replace('task_', ''));

describe('a task as lines of the tracker’s log', () => {
  test('is created, with its epic, and waits from when both tasks are there', () => {
    expect(lines({})).toMatchObject([
      { task_id: 'a', type: 'task_created', title: 'first', priority: 'P1', status: 'open', actor: 'op' },
      { task_id: 'a', type: 'task_epic_set', related_task_id: 'e' },
      { task_id: 'b', type: 'task_blocked', related_task_id: 'a', timestamp: '2026-02-09T00:00:05.000Z' },
    ]);
  });

  test('has an id for each event that stays the same, and keeps the order within a moment', () => {
    const ids = lines({}).map(({ event_id }) => event_id);
    expect(lines({ state: 'claimed', started_at: at + 7_000 }).map(({ event_id }) => event_id)).toEqual(
      expect.arrayContaining(ids),
    );
    expect(ids.toSorted()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  test.each([
    [{ state: 'claimed', started_at: at, started_by: 'w' }, ['started']],
    [{ state: 'open', started_at: at, started_by: 'w' }, ['started', 'status_changed']],
    [{ state: 'closed', closing: { how: 'operator', by: 'w', at } }, ['closed']],
    [{ state: 'cancelled', started_at: at }, ['started', 'commented', 'closed']],
    [{ state: 'failed', blocked_reason: '3 of 3' }, ['commented']],
  ] as [Partial<Task>, string[]][])('ends as it stands: %j', (changes, expected) => {
    expect(types({ ...changes, deps: [], labels: [] })).toEqual(['created', ...expected]);
  });
});
