import { describe, expect, it } from 'vitest';
import { trackerRecord, trackerStatus } from '../../../../services/cli/tracker-record.ts';
import { viewOf } from './task-view.ts';

describe('the tracker record', () => {
  it('of a plain task leaves out what does not hold', () => {
    expect(trackerRecord(viewOf({}, { ready: true }))).toEqual({
      id: 'a',
      title: 'A task',
      status: 'open',
      priority: 'P2',
      created_at: '2026-02-09T11:00:00.000Z',
      updated_at: '2026-02-09T12:00:00.000Z',
      created_by: 'ann',
      comments_count: 0,
      state: 'open',
      ready: true,
      revision: 1,
      attempts: 0,
      blocked_by: [],
      deps: [],
      labels: [],
    });
  });

  it('of a task in work names owner and fence', () => {
    const grant = { kind: 'work', fence: 7, agent: 'w1', run: 'r1', granted_at: 1 } as const;
    const record = trackerRecord(
      viewOf({ state: 'claimed', grant, started_at: 0, started_by: 'w1', lane: 'main' }),
      'demo',
    );
    expect(record).toMatchObject({
      status: 'in_progress',
      state: 'claimed',
      agent: 'w1',
      fence: 7,
      lane: 'main',
      project: 'demo',
      started_at: '1970-01-01T00:00:00.000Z',
      started_by: 'w1',
    });
  });

  it('of a closed task names its commit', () => {
    const closing = { how: 'committed', by: 'committer', at: 1_000, commit: 'c'.repeat(40) } as const;
    const record = trackerRecord(viewOf({ state: 'closed', closing }));
    expect(record).toMatchObject({
      closed_at: '1970-01-01T00:00:01.000Z',
      closed_by: 'committer',
      commit: 'c'.repeat(40),
    });
    expect(record).not.toHaveProperty('agent');
  });

  it('maps the states of work in progress to one status, and no other', () => {
    const states = [
      'open',
      'claimed',
      'submitted',
      'committing',
      'closed',
      'blocked',
      'failed',
      'cancelled',
    ] as const;
    expect(states.map(trackerStatus)).toEqual([
      'open',
      'in_progress',
      'in_progress',
      'in_progress',
      'closed',
      'blocked',
      'failed',
      'cancelled',
    ]);
  });
});
