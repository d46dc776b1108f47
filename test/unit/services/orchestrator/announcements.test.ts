import { expect, test } from 'vitest';
import type { Event, EventOf } from '../../../../schemas/index.ts';
import { announcementsOf } from '../../../../services/orchestrator/announcements.ts';

const granted = (task: string, kind: 'work' | 'commit' | 'manual'): Event => ({
  type: 'granted',
  task,
  grant: { kind, fence: 1, agent: 'w1', run: 'r', granted_at: 1 },
});
const ended = (task: string, to: EventOf<'grant_ended'>['to'], by?: string): Event => ({
  type: 'grant_ended',
  task,
  agent: 'w1',
  end: { fence: 1, run: 'r', why: 'done' },
  to,
  attempts: 0,
  losses: 0,
  conflicts: 0,
  ...(by === undefined ? {} : { closing: { how: 'reported', by, at: 1 } }),
});
const landed: Event = {
  type: 'commit_landed',
  task: 't2',
  lane: 'main',
  old: 'a'.repeat(40),
  new: 'c'.repeat(40),
  commit: 'c'.repeat(40),
  subject: 'fix: it',
  by: 'committer',
  found: false,
};

test('a batch says its lines in the order of its events, one mail for the topic and one for the inbox', () => {
  const mails = announcementsOf([
    granted('t1', 'work'),
    ended('t2', 'closed', 'w2'),
    landed,
    { type: 'commit_idle', agent: 'committer' },
    {
      type: 'task_moved',
      task: 't3',
      by: 'ada',
      to: 'closed',
      why: 'close',
      closing: { how: 'operator', by: 'ada', at: 1 },
    },
  ]);
  expect(mails).toEqual([
    {
      to: { kind: 'topic', name: 'task' },
      text: [
        'claim: t1 by w1',
        't2 closed by w2',
        `committer: committed ${'c'.repeat(40)} fix: it`,
        'committer: no commit candidate',
        't3 closed by ada',
      ].join('\n'),
    },
    {
      to: { kind: 'agent', name: 'orchestrator' },
      text: [
        'claim: t1 by w1',
        't2 closed by w2',
        't2: done',
        `committer: ${'c'.repeat(40)}`,
        't3 closed by ada',
        't3: done',
      ].join('\n'),
    },
  ]);
});

test('a manual grant is a claim, a commit grant is not, and what goes back to the queue is not told', () => {
  expect(announcementsOf([granted('t1', 'commit'), ended('t1', 'open'), ended('t2', 'submitted')])).toEqual(
    [],
  );
  expect(announcementsOf([granted('t1', 'manual')]).map(({ text }) => text)).toEqual([
    'claim: t1 by w1',
    'claim: t1 by w1',
  ]);
});

test('a batch too large for one mail is told in several, no line cut or lost', () => {
  const events = Array.from({ length: 4_000 }, (_, n) => granted(`task-${n}`, 'work'));
  const mails = announcementsOf(events).filter(({ to }) => to.kind === 'topic');
  expect(mails.length).toBeGreaterThan(1);
  for (const { text } of mails) expect(text.length).toBeLessThanOrEqual(60_000);
  expect(mails.flatMap(({ text }) => text.split('\n'))).toEqual(
    events.map((_, n) => `claim: task-${n} by w1`),
  );
});

test('what stops until a person acts stands out in the inbox: kind message, and the command that helps', () => {
  const asked: Event = {
    ...ended('t1', 'blocked'),
    outcome: 'needs_input',
    reason: 'which\n  one?',
  } as Event;
  expect(
    announcementsOf([asked, { ...ended('t2', 'failed'), reason: '3 of 3 attempts failed' } as Event]),
  ).toEqual([
    { to: { kind: 'agent', name: 'orchestrator' }, text: 't1: blocked' },
    {
      to: { kind: 'agent', name: 'orchestrator' },
      kind: 'message',
      text: 't1 needs input: which one?; waggle answer t1 <text>\nt2 failed: 3 of 3 attempts failed; waggle task retry t2',
    },
  ]);
});

test('a stale owner is nudged on the topic and by mail, and a takeover is told as a reopening', () => {
  const stale: Event = {
    type: 'stale_seen',
    task: 't1',
    fence: 1,
    agent: 'w1',
    by: 'watch',
    silent_ms: 2_700_500,
  };
  const nudge = 'stale-check: t1 no update >=45m; please post status/owner';
  expect(announcementsOf([stale])).toEqual([
    { to: { kind: 'topic', name: 'task' }, text: nudge },
    { to: { kind: 'agent', name: 'w1' }, text: nudge },
  ]);
  const taken: Event = {
    ...(ended('t1', 'open') as EventOf<'grant_ended'>),
    end: { fence: 1, run: 'r', why: 'takeover' },
  };
  expect(announcementsOf([taken])).toEqual([
    { to: { kind: 'topic', name: 'task' }, text: 'stale-reopen: t1 reopened for reassignment' },
    { to: { kind: 'agent', name: 'orchestrator' }, text: 'stale-reopen: t1' },
  ]);
});

const letter = {
  seq: 57,
  at: Date.UTC(2026, 2, 1, 9, 15),
  from: 'ann',
  to: { kind: 'agent', name: 'bob' },
  since: 1,
} as const;

test.each<[Event, string]>([
  [
    {
      type: 'letter_overdue',
      letter: { ...letter, state: 'overdue', ack_by: Date.UTC(2026, 2, 1, 9, 20, 0, 7) },
    },
    'no ack: 20260301-091500-0057 to @bob by 2026-03-01T09:20:00Z; fmail trace 20260301-091500-0057',
  ],
  [
    { type: 'letter_dead', letter: { ...letter, state: 'dead', why: 'unknown' }, unseen_ms: 5 },
    'dead letter: 20260301-091500-0057 to @bob: nobody by that name was ever seen; fmail redeliver 20260301-091500-0057',
  ],
  [
    { type: 'letter_dead', letter: { ...letter, state: 'dead', why: 'unseen' }, unseen_ms: 720_000 },
    'dead letter: 20260301-091500-0057 to @bob: not seen for 12m; fmail redeliver 20260301-091500-0057',
  ],
  [
    { type: 'letter_dead', letter: { ...letter, state: 'dead', why: 'unseen' } },
    'dead letter: 20260301-091500-0057 to @bob: too many letters wait, and it is the oldest; fmail redeliver 20260301-091500-0057',
  ],
])('what came to nothing is told to its sender, and stands out in the inbox: $0.type', (event, text) => {
  expect(announcementsOf([event])).toEqual([
    { to: { kind: 'agent', name: 'ann' }, text },
    { to: { kind: 'agent', name: 'orchestrator' }, text, kind: 'message' },
  ]);
});
