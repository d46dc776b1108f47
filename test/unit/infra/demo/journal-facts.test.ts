import { expect, test } from 'vitest';
import { readJournal } from '../../../../infra/demo/journal-facts.ts';
import type { Batch, Event } from '../../../../schemas/index.ts';

const granted = (task: string, fence: number, kind: 'work' | 'commit' = 'work'): Event => ({
  type: 'granted',
  task,
  grant: { kind, fence, agent: 'w1', run: `run-${fence}`, granted_at: 0 },
});
const ended = (task: string, fence: number, why: 'submitted' | 'takeover' = 'submitted'): Event => ({
  type: 'grant_ended',
  task,
  agent: 'w1',
  end: { fence, run: `run-${fence}`, why },
  to: 'open',
  attempts: 0,
  losses: 0,
  conflicts: 0,
});
const led = (term: number): Event => ({ type: 'led', leader: 'me', term });
const batches = (...groups: Event[][]): Batch[] =>
  groups.map((events, n) => ({
    v: 1,
    id: `batch-${n}`,
    term: 1,
    at: n * 1_000,
    mail_seq: 0,
    streams: {},
    events,
  }));

test('one grant after another is one owner at a time', () => {
  const facts = readJournal(
    batches([led(1)], [granted('a', 1), granted('b', 2)], [ended('a', 1)], [granted('a', 3, 'commit')]),
  );
  expect(facts).toMatchObject({ doubleOwned: [], takeovers: 0, failovers: 0, busyMs: 1_000 });
  expect(facts.grants.get(3)).toEqual({ task: 'a', kind: 'commit', agent: 'w1', run: 'run-3' });
});

test('a second grant before the first has ended makes two owners, in one batch too', () => {
  const facts = readJournal(batches([granted('a', 1), granted('b', 2), granted('a', 3)], [ended('a', 1)]));
  expect(facts.doubleOwned).toEqual(['a']);
});

test('the end of another fence ends nothing', () => {
  expect(readJournal(batches([granted('a', 1)], [ended('a', 9)], [granted('a', 2)])).doubleOwned).toEqual([
    'a',
  ]);
});

test('takeovers and changes of leader are counted', () => {
  const facts = readJournal(
    batches([led(1)], [granted('a', 1)], [led(2)], [ended('a', 1, 'takeover'), led(3)]),
  );
  expect(facts).toMatchObject({ takeovers: 1, failovers: 2 });
});

test('an empty journal has nothing to say', () => {
  expect(readJournal([])).toMatchObject({ doubleOwned: [], takeovers: 0, failovers: 0, busyMs: 0 });
});
