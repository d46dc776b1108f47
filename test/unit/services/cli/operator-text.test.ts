import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../../schemas/index.ts';
import { formatBytes } from '../../../../services/cli/byte-text.ts';
import { freedRecord, freedText } from '../../../../services/cli/gc/freed.ts';
import { inboxText } from '../../../../services/cli/inbox-text.ts';
import { landText, mergeMessage } from '../../../../services/cli/land-text.ts';
import { progressLine } from '../../../../services/cli/progress-line.ts';
import { runTable, wholeRunText } from '../../../../services/cli/run-text.ts';

const now = Date.UTC(2026, 2, 1, 10);
const commit = 'a'.repeat(40);

it.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_536, '1.5 KiB'],
  [20 * 1_024 ** 2, '20 MiB'],
  [3 * 1_024 ** 5, '3072 TiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it('a mail of the inbox shows id, sender, age and body, whose further lines are indented', () => {
  const id = '20260301-095900-0012';
  const time = '2026-03-01T09:59:00Z';
  const body = 'which?\x1b\n- a\n- b\n';
  expect(inboxText({ id, from: 'w1', to: '@orchestrator', time, body }, now)).toBe(
    '20260301-095900-0012  w1  1m ago  which?\n  - a\n  - b',
  );
});

describe('a run', () => {
  const run: RunRecord = {
    fence: 5,
    run: 'g-5',
    task: 't',
    kind: 'work',
    agent: 'w1',
    profile: 'default',
    granted_at: now - 120_000,
    checkpoints: 0,
  };
  const ended: RunRecord = {
    ...run,
    ended_at: now - 60_000,
    why: 'failed',
    outcome: 'crashed',
    to: 'open',
    reason: 'exit code 3',
    checkpoints: 2,
    commit,
  };

  it('is a line that says how it ended, or that it lives', () => {
    const [, live, over] = runTable([run, ended], now).split('\n');
    expect(live?.trim().split(/ {2,}/)).toEqual([
      '5',
      't',
      'work',
      'w1',
      'default',
      'live',
      '2m',
      '-',
      '2m ago',
      '-',
      'g-5',
    ]);
    expect(over).toMatch(/crashed .*1m .*aaaaaaaaaaaa/);
  });

  it('is shown whole, with what is known around it', () => {
    const text = wholeRunText(
      { run: ended, noted: {}, events: [], isWhole: true, log: 'waggle logs t --run g-5', folder: '/x' },
      now,
    );
    expect(text).toContain('agent        w1\nprofile      default\n');
    expect(text).toContain('end          failed, crashed -> open: exit code 3\n');
    expect(text).toContain('folder       /x\n');
    expect(text).not.toContain('ledger');
  });
});

describe('landing', () => {
  const lane = { lane: 'docs', branch: 'waggle/docs', home: '.' };
  const commits = [
    { commit, subject: 'feat: b', task: 'b', agent: 'w1' },
    { commit, subject: 'feat: a', task: 'a' },
    { commit, subject: 'by hand' },
    { commit, subject: 'feat: more of a', task: 'a' },
  ];

  it('names each task once in the message of a merge, oldest first', () => {
    expect(mergeMessage('docs', commits)).toBe('merge: lane docs (2 tasks)\n\n- a\n- b');
    expect(mergeMessage('docs', [])).toBe('merge: lane docs');
  });

  it('says how the lane gets what it lacks', () => {
    const place = { into: 'main', from: commit, tip: 'b'.repeat(40), commits, ahead: 0 };
    const forward = landText(lane, { ...place, status: 'landed', how: 'fast-forward', to: place.tip });
    expect(forward).toContain('main forwarded to bbbbbbbbbbbb of waggle/docs: 4 commits, 2 tasks');
    expect(forward).not.toContain('adopt');
    const nothing = landText(lane, { ...place, ahead: 1, commits: [], status: 'nothing-new' });
    expect(nothing).toMatch(
      /has all of waggle\/docs already\nmain is 1 commit ahead[\s\S]*waggle lane adopt docs a{40}/,
    );
  });
});

it('what a clean-up frees is a table with its notes and a total', () => {
  const freed = [
    { kind: 'worktrees', count: 1, bytes: 1_024, notes: ['w1: left to itself'] },
    { kind: 'files', count: 0, bytes: 0, notes: [] },
  ] as const;
  expect(freedText(freed, true)).toBe(
    'KIND       COUNT  OF                  SIZE\nworktrees      1  working trees    1.0 KiB\nfiles          0  chunks of files      0 B\n\nw1: left to itself\n\nwould free 1.0 KiB\n',
  );
  expect(freedRecord(freed, false)).toMatchObject({ dry_run: false, bytes: 1_024 });
});

it('progress is shown on a terminal alone, at most some times a second, and taken away', () => {
  let monotonic = 0;
  const clock = { now: () => 0, monotonic: () => monotonic, sleep: () => Promise.resolve() };
  let written = '';
  const sink = { isTTY: true, write: (text: string) => void (written += text) };
  const line = progressLine(sink, true, clock);
  line.show('one');
  line.show('two');
  monotonic = 1_000;
  line.show('three');
  line.clear();
  line.clear();
  expect(written).toBe('\r\x1b[Kone\r\x1b[Kthree\r\x1b[K');
  progressLine({ ...sink, isTTY: false }, true, clock).show('x');
  progressLine(sink, false, clock).show('x');
  expect(written).not.toContain('x');
});
