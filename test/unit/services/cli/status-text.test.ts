import { describe, expect, it } from 'vitest';
import type { QueryAnswerOf } from '../../../../schemas/index.ts';
import { laneRecords, laneTable, statusRecord, statusText } from '../../../../services/cli/status-text.ts';
import { emptyConfig } from '../../../../shared/board/state.ts';

const now = Date.UTC(2026, 1, 9, 12);
const tip = '0123456789abcdef0123456789abcdef01234567';
const status: QueryAnswerOf<'status'> = {
  v: 1,
  kind: 'status',
  term: 3,
  journal_seq: 40,
  genesis: 'g',
  project: 'hive',
  leader: 'host-1',
  started_at: now - 120_000,
  states: { open: 4, claimed: 1, closed: 2 },
  ready: 2,
  total: 7,
  waiting: { task: 1, commit: 0 },
  grants: [
    { task: 'a', kind: 'work', fence: 12, agent: 'w1', granted_at: now - 5_000, run: 'r', revision: 1 },
  ],
  lanes: { main: { tip, moved_to: tip.replace('0', 'f'), commits: 2 }, old: { commits: 1, tip } },
  config: {
    ...emptyConfig,
    lanes: {
      main: { home: '/repo', base: 'HEAD', branch: 'waggle/main', gates: ['VG-A'] },
      docs: { home: '/repo', base: 'HEAD', branch: 'waggle/docs', gates: [] },
    },
  },
  refused: { claim: 2 },
  format: 2,
  mail_seq: 5,
};

describe('the status', () => {
  it('is a few lines, the grants and the lanes', () => {
    expect(statusText(status, now)).toBe(`hive  led by host-1 (term 3) since 2m ago
tasks: 4 open (2 ready), 1 claimed, 2 closed
waiting: 1 worker, 0 committers
refused messages: 2 claim

TASK  GRANT  AGENT  FENCE  AGE
a     work   w1        12   5s

LANE  BRANCH       TIP           COMMITS  GATES  STATE       HOME
docs  waggle/docs  -                   0  -      not opened  /repo
main  waggle/main  0123456789ab        2  VG-A   held        /repo
old   -            0123456789ab        1  -      open        -
main: somebody moved the branch from 0123456789ab to ${tip.replace('0', 'f')}; look at it, then \`waggle lane adopt main\`
`);
  });

  it('of an empty project is short', () => {
    const empty = {
      ...status,
      states: {},
      total: 0,
      grants: [],
      lanes: {},
      config: emptyConfig,
      refused: {},
    };
    expect(statusText(empty, now)).toBe(
      'hive  led by host-1 (term 3) since 2m ago\ntasks: none\nwaiting: 1 worker, 0 committers\n',
    );
  });

  it('has remarks with the lines of its head', () => {
    expect(statusText(status, now, undefined, ['profile big stopped'])).toContain(
      '\nprofile big stopped\n\nTASK',
    );
  });

  it('has for machines ISO times and the lanes as records', () => {
    expect(statusRecord(status)).toMatchObject({
      project: 'hive',
      started_at: '2026-02-09T11:58:00.000Z',
      grants: [{ task: 'a', granted_at: '2026-02-09T11:59:55.000Z' }],
      lanes: [{ lane: 'docs', commits: 0 }, { lane: 'main', moved_to: expect.any(String) }, { lane: 'old' }],
    });
  });

  it('has no lane table without lanes, and knows no lane that every object inherits', () => {
    expect(laneTable([])).toBe('');
    expect(laneRecords({ lanes: { constructor: { commits: 1 } }, config: emptyConfig })).toEqual([
      { lane: 'constructor', gates: [], commits: 1 },
    ]);
  });
});
