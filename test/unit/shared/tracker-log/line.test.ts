import { describe, expect, test } from 'vitest';
import { readLine } from '../../../../shared/tracker-log/line.ts';

const start = {
  event_id: '01KFDY9CHD35H1EXDXZ1QSQA47',
  task_id: 'sv-ksa',
  type: 'task_started',
  timestamp: '2026-01-20T14:52:36.781374Z',
  actor: 'codex',
  status: 'in_progress',
  workspace: 'forge',
};
const read = (changes: object) => readLine(JSON.stringify({ ...start, ...changes }));

describe('a line of the tracker’s log', () => {
  test('is read with the whole fraction of its time, and what is of no use here is left', () => {
    expect(readLine(JSON.stringify(start))).toEqual({
      kind: 'event',
      event: {
        id: start.event_id,
        task: 'sv-ksa',
        type: 'task_started',
        at: Date.parse('2026-01-20T14:52:36Z') + 781.374,
        actor: 'codex',
        status: 'in_progress',
      },
    });
  });

  test.each([
    ['no JSON', '<<<<<<< HEAD', 'expected a JSON object, got `<<<<<<< HEAD`'],
    ['no object', '[1]', 'expected a JSON object, got `[1]`'],
  ])('that is %s says so', (_, text, fault) => {
    expect(readLine(text)).toEqual({ kind: 'malformed', fault });
  });

  test.each([
    ['task', { task_id: '' }, 'expected a text in `task_id`, got `""`'],
    ['id', { event_id: undefined }, 'expected a text in `event_id`, got `nothing`'],
    ['time', { timestamp: 'soon' }, expect.stringMatching(/^expected a time such as .* got `soon`$/)],
    ['readable actor', { actor: 7 }, 'expected a text in `actor`, got `7`'],
    ['title', { type: 'task_created' }, 'expected a text in `title` of a task_created'],
    ['other task', { type: 'task_blocked' }, 'expected a text in `related_task_id` of a task_blocked'],
  ])('without its %s says what was expected', (_, changes, fault) => {
    expect(read(changes)).toEqual({ kind: 'malformed', fault });
  });

  test('of a kind that nobody knows names the kind', () => {
    expect(read({ type: 'task_exploded' })).toEqual({ kind: 'unknown', type: 'task_exploded' });
  });

  test('that is empty is nothing', () => {
    expect(readLine('  ')).toEqual({ kind: 'blank' });
  });
});
