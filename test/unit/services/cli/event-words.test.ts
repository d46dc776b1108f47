import { describe, expect, it } from 'vitest';
import type { Event, Letter } from '../../../../schemas/index.ts';
import { eventLine, eventRecord, fenceOf, taskOf } from '../../../../services/cli/event-words.ts';
import { viewOf } from './task-view.ts';

const at = Date.UTC(2026, 2, 1, 9, 15);
const line = (event: Event) => eventLine({ seq: 7, at, event }).split('  ').slice(2).join('  ');
const commit = 'a'.repeat(40);
const file = { owner: 'w1', sha256: 'b'.repeat(64), size_bytes: 1, chunks: 1 };
const letter: Letter = {
  seq: 57,
  at,
  from: 'ann',
  to: { kind: 'agent', name: 'bob' },
  state: 'waiting',
  since: 1,
};
const checkpoint = { fence: 5, number: 2, base: commit, head: commit, file };

describe('an event as a line', () => {
  it('begins with its time and its place in the journal', () => {
    expect(eventLine({ seq: 7, at, event: { type: 'commit_idle', agent: 'c' } })).toBe(
      '2026-03-01T09:15:00Z  7  commit idle  c',
    );
  });

  it.each<[Event, string]>([
    [{ type: 'genesis', genesis: 'g1', project: 'p' }, 'genesis  p begins as g1'],
    [{ type: 'led', leader: 'host-1-x', term: 3 }, 'led  host-1-x, term 3'],
    [{ type: 'format', format: 2, by: 'operator' }, 'format  2 by operator'],
    [{ type: 'task_added', task: viewOf({ id: 'a', created_by: 'ada' }).task }, 'task added  a  by ada'],
    [
      { type: 'checkpointed', task: 'a', agent: 'w1', run: 'r', checkpoint, late: true },
      'checkpointed  a  late, number 2 by w1, fence 5',
    ],
    [
      { type: 'stale_seen', task: 'a', fence: 5, agent: 'w1', by: 'taker', silent_ms: 61_000 },
      'stale seen  a  w1, fence 5, 61s without progress',
    ],
    [
      {
        type: 'taken_over',
        task: 'a',
        fence: 5,
        agent: 'w1',
        by: 'taker',
        reason: 'dead',
        silent_ms: 9_000,
        last_sign: 'a beat',
      },
      'taken over  a  dead: from w1, fence 5, 9s silent, by taker: a beat',
    ],
    [
      {
        type: 'attached',
        task: 'a',
        by: 'operator',
        attachment: { kind: 'answer', at, text: 'the\nsecond' },
      },
      'attached  a  answer by operator: the second',
    ],
    [
      { type: 'continued', by: 'operator', reason: 'restored', mail_seq: 9 },
      'continued  by operator, mail from 9: restored',
    ],
    [{ type: 'registered', agent: 'ann', identity: 'i', host: 'h' }, 'registered  ann as i on h'],
    [{ type: 'status_set', agent: 'ann', text: 'busy' }, 'status set  ann: busy'],
    [{ type: 'status_set', agent: 'ann' }, 'status set  ann: -'],
    [{ type: 'letter_posted', letter }, 'letter posted  20260301-091500-0057 from ann to @bob'],
    [{ type: 'letter_settled', seq: 57, by: 'bob', state: 'read' }, 'letter settled  mail 57 read by bob'],
    [
      { type: 'letter_delivered', seq: 57, by: 'bob' },
      'letter delivered  mail 57 to bob, not acknowledged yet',
    ],
    [
      { type: 'letter_overdue', letter: { ...letter, state: 'overdue' } },
      'letter overdue  20260301-091500-0057 from ann to @bob: nobody acknowledged it in time',
    ],
    [
      { type: 'letter_dead', letter: { ...letter, state: 'dead', why: 'unseen' }, unseen_ms: 61_000 },
      'letter dead  20260301-091500-0057 from ann to @bob: not seen for 61s',
    ],
    [
      { type: 'letter_redelivered', seq: 57, by: 'ann', copy: true },
      'letter redelivered  mail 57 by ann, as a copy',
    ],
    [
      { type: 'profile_cooled', profile: 'big', by: 'w1', until: at, reason: 'weekly limit' },
      'profile cooled  big until 2026-03-01T09:15:00Z by w1: weekly limit',
    ],
    [
      { type: 'profile_stopped', profile: 'big', by: 'operator', reason: 'login' },
      'profile stopped  big by operator: login',
    ],
    [{ type: 'profile_resumed', profile: 'big', by: 'operator' }, 'profile resumed  big by operator'],
    [
      { type: 'profile_quota', profile: 'big', quota: { used: 0.968, resets_at: at } },
      'profile quota  big: 96 % used, until 2026-03-01T09:15:00Z',
    ],
    [
      { type: 'run_used', task: 'a', fence: 5, agent: 'w1', profile: 'big', usage: { input_tokens: 1_500 } },
      'run used  a  w1, fence 5 with big: 1.5k in',
    ],
    [
      { type: 'run_used', task: 'a', fence: 5, agent: 'w1', usage: {} },
      'run used  a  w1, fence 5: nothing known',
    ],
    [
      {
        type: 'run_recorded',
        task: 'a',
        fence: 5,
        run: 'r',
        agent: 'w1',
        usage: { output_tokens: 7 },
        note: { outcome: 'crashed', evidence: ['exit code 3', 'no last word'] },
      },
      'run recorded  a  w1, fence 5; crashed: exit code 3; 7 out',
    ],
    [{ type: 'run_recorded', task: 'a', fence: 5, run: 'r', agent: 'w1' }, 'run recorded  a  w1, fence 5'],
    [
      {
        type: 'budget_reached',
        mark: { scope: 'task', name: 'a', what: 'tokens', used: 80, limit: 100, level: 'warn' },
      },
      'budget reached  task a: 80 % of 100 tokens (warn)',
    ],
    [
      { type: 'lane_moved', lane: 'main', found: commit, by: 'committer' },
      `lane moved  main from nothing to ${commit.slice(0, 12)}, found by committer`,
    ],
    [
      {
        type: 'answered',
        command: 'c1',
        by: 'operator',
        kind: 'add',
        tasks: ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({ id, state: 'open' as const, revision: 1 })),
      },
      'answered  add by operator: a, b, c, d, e, and 1 more',
    ],
  ])('%j', (event, told) => {
    expect(line(event)).toBe(told);
  });

  it('has no control characters of others in it', () => {
    const event: Event = { type: 'progressed', task: 'a', fence: 1, agent: 'w1', note: 'x\x1b[31m\ny' };
    expect(line(event)).toBe('progressed  a  w1: x[31m y');
  });
});

describe('an event as a record', () => {
  it('names its task by its id, also where it brings the whole of it', () => {
    const { task } = viewOf({ id: 'a', created_by: 'ada' });
    expect(eventRecord({ seq: 1, at, event: { type: 'task_added', task } })).toEqual({
      seq: 1,
      timestamp: '2026-03-01T09:15:00.000Z',
      type: 'task_added',
      task: 'a',
      by: 'ada',
      added: task,
    });
  });
});

it('the grant and the task of an event are found wherever it names them', () => {
  const saved: Event = { type: 'checkpointed', task: 'a', agent: 'w', run: 'r', checkpoint, late: false };
  const rescue = { kind: 'rescue' as const, fence: 6, at, text: '' };
  const attached: Event = { type: 'attached', task: 'b', by: 'w', attachment: rescue };
  const idle: Event = { type: 'commit_idle', agent: 'c' };
  expect([saved, attached, idle].map((event) => [taskOf(event), fenceOf(event)])).toEqual([
    ['a', 5],
    ['b', 6],
    [undefined, undefined],
  ]);
});
