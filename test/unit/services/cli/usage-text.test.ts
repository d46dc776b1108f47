import { expect, it } from 'vitest';
import { budgetTable, usageRecord, usageText } from '../../../../services/cli/usage-text.ts';

const usage = {
  rows: [
    {
      key: 'big',
      runs: 3,
      usage: { input_tokens: 12_000, output_tokens: 900, cost_usd: 0.5, duration_ms: 61_000 },
    },
    { key: 'small', runs: 1, usage: {} },
  ],
  total: { key: '', runs: 4, usage: { input_tokens: 12_000, output_tokens: 900, cost_usd: 0.5 } },
  budgets: [
    { scope: 'project', name: 'project', what: 'cost_usd', used: 0.5, limit: 10, day: '2026-03-01' },
    { scope: 'task', name: 't1', what: 'tokens', used: 120, limit: 100, level: 'stop' },
  ],
} as const;

it('usage is a table with a total, and the budgets below it', () => {
  expect(usageText(usage, 'profile')).toBe(`PROFILE  RUNS  TOKENS IN  CACHED  TOKENS OUT   COST  TIME
big         3        12k       -         900  $0.50  1m1s
small       1          -       -           -      -     -
total       4        12k       -         900  $0.50     -

BUDGET         USED          OF  SHARE  DAY         LEVEL
project       $0.50      $10.00    5 %  2026-03-01  ok
task t1  120 tokens  100 tokens  120 %  all         stop
stop: the budget of task t1 is used up: its runs are ended
`);
});

it('of nothing there is a word and no table', () => {
  expect(usageText({ rows: [], total: { key: '', runs: 0, usage: {} }, budgets: [] }, 'day')).toBe(
    'nothing was used yet\n',
  );
  expect(budgetTable([])).toBe('');
});

it('for machines rows are flat and budgets have their share', () => {
  expect(usageRecord(usage, 'profile')).toMatchObject({
    by: 'profile',
    rows: [
      { key: 'big', runs: 3, input_tokens: 12_000 },
      { key: 'small', runs: 1 },
    ],
    total: { runs: 4, cost_usd: 0.5 },
    budgets: [{ share: 0.05 }, { share: 1.2, level: 'stop' }],
  });
});
