import { describe, expect, it } from 'vitest';
import { bodyText, pointInTime, priority, taskShape } from '../../../../shared/config/task-shape.ts';
import { disagreements } from './schema-agreement.ts';

it('the shape of a task entry agrees with its schema, key by key', () => {
  expect(disagreements(taskShape(1_000), 'TaskSpec')).toEqual([]);
});

describe('a priority', () => {
  it('is a number from 0 to 4, with or without a P in any case', () => {
    expect([0, 4, '2', 'P3', 'p1', ' P0 '].map(priority.read)).toEqual(['P0', 'P4', 'P2', 'P3', 'P1', 'P0']);
  });

  it('is nothing else', () => {
    expect([5, -1, 1.5, 'urgent', '', 'P5', 'PP1', true, null].map(priority.read)).toEqual(
      Array(9).fill(undefined),
    );
  });
});

describe('a point in time', () => {
  const at = pointInTime(1_000_000);

  it('is an ISO time with a zone, a date in UTC, milliseconds, or a duration from now', () => {
    expect(at.read('2026-03-01T09:00:00Z')).toBe(Date.UTC(2026, 2, 1, 9));
    expect(at.read('2026-03-01 09:00+02:00')).toBe(Date.UTC(2026, 2, 1, 7));
    expect(at.read('2026-03-01')).toBe(Date.UTC(2026, 2, 1));
    expect(at.read(123)).toBe(123);
    expect(at.read('+10m')).toBe(1_600_000);
    expect(at.read('1h30m')).toBe(6_400_000);
  });

  it('is no time of an unknown zone, no impossible date and no word', () => {
    expect(
      ['2026-03-01T09:00', '2026-13-01', '2026-01-01T99:00Z', 'tomorrow', '-10m', -1, ''].map(at.read),
    ).toEqual(Array(7).fill(undefined));
    expect(at.explain?.('2026-03-01T09:00')).toBe(
      'expected a time zone after "2026-03-01T09:00", such as Z or +02:00',
    );
  });
});

describe('a body', () => {
  it('may have 64 KiB, counted in bytes', () => {
    expect(bodyText.read('x'.repeat(65_536))).toHaveLength(65_536);
    expect(bodyText.read(`${'x'.repeat(65_535)}é`)).toBeUndefined();
    expect(bodyText.explain?.('é'.repeat(40_000))).toContain('64 KiB (65536 bytes) of text, got 80000 bytes');
  });
});
