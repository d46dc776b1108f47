import { expect, it } from 'vitest';
import { TASK_ID_PATTERN } from '../../../../schemas/limits.ts';
import { newTaskId } from '../../../../shared/config/task-ids.ts';

const letters = (length = 20) => 'z'.repeat(length);

it('a new id is the project and a suffix that grows with each second collision', () => {
  expect([0, 1, 2, 3, 4].map((attempt) => newTaskId('forge', attempt, letters))).toEqual([
    'forge-zzz',
    'forge-zzz',
    'forge-zzzz',
    'forge-zzzz',
    'forge-zzzzz',
  ]);
});

it('a new id is valid however long the project is called and however often it was taken', () => {
  const id = newTaskId(`${'p'.repeat(47)}-${'q'.repeat(15)}`, 1_000, letters);
  expect(id).toMatch(new RegExp(TASK_ID_PATTERN));
  expect(id).toBe(`${'p'.repeat(47)}-${'z'.repeat(12)}`);
});
