import { expect, it } from 'vitest';
import { assumedIds, partlyAdded } from '../../../../services/cli/task-chunks.ts';
import { failureEnvelope } from '../../../../services/cli/task-envelope.ts';

it('a chunk takes for granted only what it names and other chunks add', () => {
  const chunk = [
    { id: 'c', title: 'c', deps: ['a', 'd', 'board'], parent: 'epic' },
    { id: 'd', title: 'd', deps: ['a'] },
  ];
  expect(assumedIds(chunk, new Set(['a', 'b', 'c', 'd', 'epic']))).toEqual(['a', 'epic']);
});

it('an addition that stopped half-way names every task: added, unknown, not added', () => {
  const error = partlyAdded({
    added: [{ id: 'a' }, { id: 'b' }],
    unknown: [{ id: 'c' }],
    left: [{ id: 'd' }],
    cause: 'nobody answers',
  });
  expect(error.message).toBe(
    'nobody answers\nadded (2): a, b\nperhaps added, nobody answered (1): c\nnot added (1): d',
  );
  expect(failureEnvelope('task add', error)).toMatchObject({
    error: {
      code: 4,
      kind: 'operation_failed',
      details: { reason: 'partly-added', added: ['a', 'b'], unknown: ['c'], not_added: ['d'] },
    },
    next_steps: ['take the tasks that were added out of the file, then add it again'],
  });
});
