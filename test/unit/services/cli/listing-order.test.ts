import { describe, expect, it } from 'vitest';
import { inListOrder, inReadyOrder } from '../../../../services/cli/listing-order.ts';
import { viewOf } from './task-view.ts';

const ids = (views: readonly { task: { id: string } }[]) => views.map(({ task }) => task.id);

describe('task lists', () => {
  it('show live work first: by state, priority, readiness, latest change, id', () => {
    const views = [
      viewOf({ id: 'cancelled', state: 'cancelled', priority: 'P0' }),
      viewOf({ id: 'closed', state: 'closed', priority: 'P0' }),
      viewOf({ id: 'failed', state: 'failed' }),
      viewOf({ id: 'blocked', state: 'blocked' }),
      viewOf({ id: 'running', state: 'submitted', priority: 'P3' }),
      viewOf({ id: 'running-high', state: 'claimed', priority: 'P1' }),
      viewOf({ id: 'z' }),
      viewOf({ id: 'b' }),
      viewOf({ id: 'changed', updated_at: 10 ** 13 }),
      viewOf({ id: 'ready' }, { ready: true }),
      viewOf({ id: 'high', priority: 'P0' }),
    ];
    const order = [
      'high',
      'ready',
      'changed',
      'b',
      'z',
      'running-high',
      'running',
      'blocked',
      'failed',
      'closed',
      'cancelled',
    ];
    expect(ids(inListOrder(views))).toEqual(order);
    expect(ids(inListOrder([...views].reverse()))).toEqual(order);
    expect(views[0]?.task.id).toBe('cancelled');
  });

  it('show ready work by priority, the oldest first', () => {
    const views = [
      viewOf({ id: 'young', created_at: 2 }),
      viewOf({ id: 'old', created_at: 1 }),
      viewOf({ id: 'also-old', created_at: 1 }),
      viewOf({ id: 'high', priority: 'P1', created_at: 3 }),
    ];
    expect(ids(inReadyOrder(views))).toEqual(['high', 'also-old', 'old', 'young']);
  });
});
