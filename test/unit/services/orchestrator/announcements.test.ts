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

test('a profile that rests or goes on is told to the swarm, one that is stopped to people too', () => {
  const until = Date.UTC(2027, 0, 15, 8, 0, 0, 1);
  const mails = announcementsOf([
    { type: 'profile_cooled', profile: 'claude-1', by: 'w1', until, reason: 'limit\nreached' },
    { type: 'profile_stopped', profile: 'codex-1', by: 'w2', reason: 'its login was refused: 401' },
    { type: 'profile_stopped', profile: 'codex-1', by: 'w2', reason: 'no disk', host: 'b' },
    { type: 'profile_resumed', profile: 'pi-1', by: 'ada' },
    { type: 'profile_quota', profile: 'pi-1', quota: { used: 0.5 } },
    { type: 'run_used', task: 't1', fence: 1, agent: 'w1', usage: {} },
    { type: 'run_recorded', task: 't1', fence: 1, run: 'r', agent: 'w1', usage: {} },
  ]);
  expect(mails).toEqual([
    {
      to: { kind: 'topic', name: 'task' },
      text: [
        'profile claude-1 cools down until 2027-01-15T08:00:01Z: limit reached',
        'profile codex-1 stopped: its login was refused: 401',
        'profile codex-1 stopped on b: no disk',
        'profile pi-1 resumed by ada',
      ].join('\n'),
    },
    {
      to: { kind: 'agent', name: 'orchestrator' },
      kind: 'message',
      text: [
        'profile codex-1 stopped: its login was refused: 401; waggle profile resume codex-1',
        'profile codex-1 stopped on b: no disk; waggle profile resume codex-1',
      ].join('\n'),
    },
  ]);
});

test('a budget that is used up is told to people, with what happens now', () => {
  const says = (mark: EventOf<'budget_reached'>['mark']) => {
    const mails = announcementsOf([{ type: 'budget_reached', mark }]);
    expect(mails).toMatchObject([{ to: { kind: 'agent', name: 'orchestrator' }, kind: 'message' }]);
    return mails[0]?.text;
  };
  const project = { scope: 'project', name: 'demo', what: 'cost_usd', used: 8.314, limit: 10 } as const;
  expect(says({ ...project, level: 'warn' })).toBe('budget of project demo: 80 % of $10.00 used ($8.31)');
  expect(says({ ...project, used: 9.6, level: 'pause', day: '2027-01-15' })).toBe(
    'budget of project demo: 95 % of $10.00 a day used ($9.60); nothing new is granted until midnight (UTC) or until it is raised',
  );
  const profile = {
    scope: 'profile',
    name: 'p1',
    what: 'tokens',
    used: 2_100_000,
    limit: 2_000_000,
  } as const;
  expect(says({ ...profile, level: 'stop' })).toBe(
    'budget of profile p1: 100 % of 2,000,000 tokens used (2,100,000 tokens); runs are ended, nothing new is granted until it is raised',
  );
  const task = { scope: 'task', name: 't1', what: 'duration_ms', used: 5_400_000, limit: 3_600_000 } as const;
  expect(says({ ...task, level: 'pause' })).toBe(
    'budget of task t1: 95 % of 1h used (1h30m); its run is ended at 100 %',
  );
  expect(says({ ...task, level: 'stop' })).toBe(
    'budget of task t1: 100 % of 1h used (1h30m); its run is ended',
  );
});
