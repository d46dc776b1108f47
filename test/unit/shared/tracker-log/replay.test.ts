import { describe, expect, test } from 'vitest';
import type { Event } from '../../../../schemas/index.ts';
import { LogReading } from '../../../../shared/tracker-log/reading.ts';
import { Referee } from '../../../../shared/tracker-log/referee.ts';
import { Replay, type ReplayOptions } from '../../../../shared/tracker-log/replay.ts';
import type { ReplayResult } from '../../../../shared/tracker-log/replay-tally.ts';
import { makeTrackerLog } from '../../../support/tracker-log.ts';
import { plainCounts, strictAnswers } from './plain-fold.ts';

const none = {
  double_owners: 0,
  early_takeovers: 0,
  foreign_closes: 0,
  starts_of_closed: 0,
  starts_of_blocked: 0,
};

function replay(text: string, options?: ReplayOptions) {
  const reading = new LogReading();
  const board = new Replay(options);
  for (const line of text.split('\n')) for (const event of reading.line(line)) board.take(event);
  for (const event of reading.end()) board.take(event);
  return { result: board.result(), reading: reading.report() };
}

/** `start held` and the like, with how often the board said so. */
function answersOf({ actions }: ReplayResult): Record<string, number> {
  const answers: Record<string, number> = {};
  for (const { action, accepted, repeated, reasons } of actions) {
    for (const [word, count] of Object.entries({ accepted, repeated, ...reasons })) {
      const key = `${action} ${word}`;
      if (count > 0) answers[key] = (answers[key] ?? 0) + count;
    }
  }
  return answers;
}

const line = (n: number, task: string, type: string, at: string, more: object = {}) =>
  JSON.stringify({ event_id: `01K${n}`, task_id: task, type, timestamp: `2026-02-09T${at}Z`, ...more });

describe.each([1, 2, 3])('a swarm like the seed’s (log %i), replayed', (seed) => {
  const { text, noise } = makeTrackerLog(seed);
  const counts = plainCounts(text);
  const { result, reading } = replay(text);

  test('is as reckless as the seed was', () => {
    expect(counts).toMatchObject({
      starts: 1107,
      starts_of_held: 151,
      starts_within_60s: 68,
      early_takeovers: 133,
      starts_of_closed: 72,
      closes_again: 170,
      foreign_closes: 99,
      closes_not_started: 50,
    });
  });

  test('is counted as the log alone says', () => {
    expect(result.in_log).toEqual(counts);
  });

  test('gets from the board what a tracker with one owner a task would say', () => {
    expect(answersOf(result)).toEqual(strictAnswers(text));
  });

  test('finds no double owner, early takeover or close by another, and no start of what is closed or waits', () => {
    expect(result.violations).toEqual(none);
  });

  test('gets no task that another has without asking to take it over', () => {
    const { result: strict } = replay(text, { takeoverAfterMs: Number.POSITIVE_INFINITY, withLinks: false });
    const held = strict.actions.filter(({ conduct }) => conduct === 'held-early' || conduct === 'held-late');
    expect(held.map(({ accepted }) => accepted)).toEqual([0, 0]);
    expect(held.reduce((sum, { in_log }) => sum + in_log, 0)).toBe(counts.starts_of_held);
    expect([strict.takeovers, strict.violations]).toEqual([0, none]);
  });

  test('loses nothing to the noise', () => {
    expect(reading).toMatchObject({
      malformed: noise.malformed,
      duplicates: noise.repeated,
      late: 0,
      too_long: 0,
    });
    expect(Object.values(reading.unknown).reduce((sum, count) => sum + count, 0)).toBe(noise.unknown);
    expect(result.actions.find(({ action }) => action === 'create')?.reasons).toEqual({ 'duplicate-id': 3 });
  });
});

test('the same seed gives the same log', () => {
  expect(makeTrackerLog(7)).toEqual(makeTrackerLog(7));
});

test('two starts an eighth of a second apart leave the task with the first', () => {
  const log = [
    line(1, 'forge-wmb', 'task_created', '16:00:00', { title: 't' }),
    line(2, 'forge-wmb', 'task_started', '16:16:05.000', { actor: 'A' }),
    line(3, 'forge-wmb', 'task_started', '16:16:05.124', { actor: 'B' }),
    line(4, 'forge-wmb', 'task_closed', '16:20:00', { actor: 'B' }),
    line(5, 'forge-wmb', 'task_closed', '16:21:00', { actor: 'A' }),
    line(6, 'forge-wmb', 'task_started', '16:22:00', { actor: 'B' }),
  ];
  const { result } = replay(log.join('\n'));
  expect(answersOf(result)).toEqual({
    'create accepted': 1,
    'start accepted': 1,
    'start held': 1,
    'start not-open': 1,
    'close held': 1,
    'close accepted': 1,
  });
  expect(result.in_log).toMatchObject({ starts_within_60s: 1, early_takeovers: 1, starts_of_closed: 1 });
});

test('a start after 45 minutes of silence takes the task over, one before does not', () => {
  const log = (at: string) =>
    [
      line(1, 'a', 'task_created', '10:00:00', { title: 't' }),
      line(2, 'a', 'task_started', '10:00:10', { actor: 'A' }),
      line(3, 'a', 'task_started', at, { actor: 'B' }),
    ].join('\n');
  expect(replay(log('10:45:09')).result).toMatchObject({ takeovers: 0, reasons: { held: 1 } });
  expect(replay(log('10:45:10')).result).toMatchObject({ takeovers: 1, reasons: {}, violations: none });
});

test('a task that is deleted holds nothing back', () => {
  const log = [
    line(1, 'a', 'task_created', '10:00:00', { title: 'a' }),
    line(2, 'b', 'task_created', '10:00:01', { title: 'b' }),
    line(3, 'a', 'task_blocked', '10:00:02', { related_task_id: 'b' }),
    line(4, 'b', 'task_started', '10:00:03', { actor: 'A' }),
    line(5, 'a', 'task_deleted', '10:00:04'),
    line(6, 'b', 'task_started', '10:00:05', { actor: 'A' }),
  ];
  const { result } = replay(log.join('\n'));
  expect(answersOf(result)).toMatchObject({ 'start blocked': 1, 'start accepted': 1, 'delete accepted': 1 });
});

test('two actors whose names differ in case alone stay two', () => {
  const log = [
    line(1, 'a', 'task_created', '10:00:00', { title: 'a' }),
    line(2, 'a', 'task_started', '10:00:01', { actor: 'Codex_B' }),
    line(3, 'a', 'task_started', '10:00:02', { actor: 'codex-b' }),
  ];
  const { result } = replay(log.join('\n'));
  expect(result.reasons).toEqual({ held: 1 });
  expect(result.renamed).toEqual([
    { actor: '', agent: 'unknown' },
    { actor: 'Codex_B', agent: 'codex-b' },
    { actor: 'codex-b', agent: 'codex-b-2' },
  ]);
});

describe('the referee', () => {
  const task = (id: string, deps: string[] = []) =>
    ({ type: 'task_added', task: { id, state: 'open', deps } }) as unknown as Event;
  const granted = (id: string, agent: string) =>
    ({ type: 'granted', task: id, grant: { agent, fence: 1 } }) as unknown as Event;
  const ended = (id: string, to: string, why = 'closed') =>
    ({ type: 'grant_ended', task: id, to, end: { why } }) as unknown as Event;
  const seen = (events: Event[], silentMs = 0) => {
    const referee = new Referee(1000);
    referee.see(events, 'b', silentMs);
    return referee.violations;
  };

  test('sees a second owner', () => {
    expect(seen([task('t'), granted('t', 'a'), granted('t', 'b')])).toEqual({ ...none, double_owners: 1 });
  });

  test('sees a close by another', () => {
    const events = [task('t'), granted('t', 'a'), ended('t', 'closed')];
    expect(seen(events)).toEqual({ ...none, foreign_closes: 1 });
  });

  test('sees a takeover that came early, and none that came late', () => {
    const events = [task('t'), granted('t', 'a'), ended('t', 'open', 'takeover'), granted('t', 'b')];
    expect(seen(events, 999)).toEqual({ ...none, early_takeovers: 1 });
    expect(seen(events, 1000)).toEqual(none);
  });

  test('sees a start of what is closed, and of what waits', () => {
    const closed = [task('t'), granted('t', 'b'), ended('t', 'closed'), granted('t', 'b')];
    expect(seen(closed)).toEqual({ ...none, starts_of_closed: 1 });
    expect(seen([task('t'), task('u', ['t']), granted('u', 'b')])).toEqual({ ...none, starts_of_blocked: 1 });
  });
});
