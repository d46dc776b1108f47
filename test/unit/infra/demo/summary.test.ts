import { expect, test } from 'vitest';
import { type SummaryOptions, summaryText } from '../../../../infra/demo/summary.ts';

const options: SummaryOptions = {
  result: {
    tasks: 41,
    closed: 41,
    commits: 41,
    takeovers: 0,
    orchestrator_failovers: 0,
    double_owners: 0,
    lost: 0,
    elapsed_ms: 21_400,
    repo: '/tmp/my repo',
  },
  problems: [],
  workers: 4,
  busyMs: 16_400,
  branch: 'waggle/demo',
  isForeign: false,
};

test('a good run says what was done, how fast, what was checked, and how to look at it', () => {
  const text = summaryText(options);
  expect(text).toContain(
    '41 of 41 tasks closed, 41 commits by 4 workers in 16.4 s, 2.5 commits a second; 21.4 s in all.',
  );
  expect(text).toContain('every task is closed and has exactly one commit');
  expect(text).toContain('npm run demo -- --keep');
  expect(text).not.toContain('Survived');
});

test('a run under fire says what it survived', () => {
  const result = { ...options.result, takeovers: 2, orchestrator_failovers: 1 };
  expect(summaryText({ ...options, result })).toContain(
    'Survived: 2 takeovers of a task, 1 failover of the orchestrator.',
  );
});

test('what is kept, and a repository of the user’s, can be looked at by the commands shown', () => {
  expect(summaryText({ ...options, kept: '/tmp/kept' })).toContain('Kept: /tmp/kept');
  const foreign = summaryText({ ...options, isForeign: true });
  expect(foreign).toContain('git -C "/tmp/my repo" log --stat waggle/demo');
  expect(foreign).toContain('git -C "/tmp/my repo" branch -D waggle/demo');
});

test('a failed check names its problems, the first twenty of many', () => {
  const problems = Array.from({ length: 25 }, (_, n) => `problem ${n}.`);
  const text = summaryText({ ...options, problems });
  expect(text).toContain('The check FAILED:\n  problem 0.\n');
  expect(text).toContain('  problem 19.\n  and 5 more\n');
  expect(text).not.toContain('every task is closed');
});
