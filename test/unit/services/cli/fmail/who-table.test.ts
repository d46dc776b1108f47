import { describe, expect, it } from 'vitest';
import { topicTable, whoTable } from '../../../../../services/cli/fmail/who-table.ts';

const now = Date.UTC(2026, 1, 9, 12);
const ago = (ms: number) => new Date(now - ms).toISOString();
const person = (name: string, agoMs: number, status?: string) => ({
  name,
  first_seen: ago(9e8),
  last_seen: ago(agoMs),
  ...(status === undefined ? {} : { status }),
});

describe('the table of agents', () => {
  it('is the one that agents know', () => {
    const people = [
      person('alice', 30_000),
      person('bob', 2 * 3_600_000),
      person('carol', 48 * 3_600_000, 'working on fmail'),
    ];
    expect(whoTable(people, now)).toBe(
      'NAME   LAST SEEN  STATUS\nalice  active     -\nbob    2h ago     offline\ncarol  2d ago     working on fmail\n',
    );
  });

  it.each([
    [0, 'active     -'],
    [-5_000, 'active     -'],
    [60_000, 'active     -'],
    [60_001, '1m ago     offline'],
    [59 * 60_000 + 59_999, '59m ago    offline'],
    [3_600_000, '1h ago     offline'],
    [24 * 3_600_000 - 1, '23h ago    offline'],
    [24 * 3_600_000, '1d ago     offline'],
  ])('tells %i ms as %s', (ms, words) => {
    expect(whoTable([person('bob', ms)], now).split('\n')[1]).toBe(`bob   ${words}`);
  });

  it('shows an own status of whoever is active or not, on one line', () => {
    expect(whoTable([person('a', 0, ' on\x1b[31m\nit ')], now)).toBe(
      'NAME  LAST SEEN  STATUS\na     active     on[31m it\n',
    );
    expect(whoTable([person('a', 0, '  ')], now)).toContain('active     -\n');
  });

  it('has its heading also over nobody', () => {
    expect(whoTable([], now)).toBe('NAME  LAST SEEN  STATUS\n');
  });
});

describe('the table of topics', () => {
  it('is the one that agents know', () => {
    const topics = [
      { name: 'bugs', messages: 5, last_activity: ago(30 * 60_000) },
      { name: 'code-review', messages: 12, last_activity: ago(10_000) },
    ];
    expect(topicTable(topics, now)).toBe(
      'TOPIC        MESSAGES  LAST ACTIVITY\nbugs         5         30m ago\ncode-review  12        10s ago\n',
    );
  });

  it('has its heading also over nothing', () => {
    expect(topicTable([], now)).toBe('TOPIC  MESSAGES  LAST ACTIVITY\n');
  });
});
