import { beforeEach, describe, expect, it } from 'vitest';
import { LaneBook } from '../../../../services/committer/lane-book.ts';

let now: number;
let book: LaneBook;
let told: number;
const lane = (home: string) => ({ home, branch: 'waggle/x' });
const configure = (...homes: string[]) =>
  book.configure(new Map(homes.map((home) => [home.slice(1), lane(home)])));

beforeEach(() => {
  now = 5_000;
  told = 0;
  const clock = { now: () => 0, monotonic: () => now, sleep: () => Promise.resolve() };
  book = new LaneBook(clock);
  book.onChange(() => {
    told += 1;
  });
});

describe('a book of lanes', () => {
  it('has new lanes opened at once, each by one taker, and claims only for those that are open', () => {
    configure('/a', '/b');
    expect(book.takeDue()).toEqual(['a', 'b']);
    expect(book.takeDue()).toEqual([]);
    expect(book.open()).toEqual([]);
    book.opened('a', lane('/a'));
    expect(book.open()).toEqual(['a']);
    expect(book.nextDueMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('waits twice as long after each trouble, also when opening works in between, up to a bound', () => {
    configure('/a');
    const waits = Array.from({ length: 6 }, () => {
      now += 60_000;
      book.takeDue();
      book.opened('a', lane('/a'));
      return book.trouble('a', lane('/a'), 'pushes are refused')?.waitMs;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    expect(book.nextDueMs()).toBe(10_000);
    expect(book.takeDue()).toEqual([]);
    now += 10_000;
    expect(book.takeDue()).toEqual(['a']);
  });

  it('begins anew with an outcome that got through, and says a trouble once', () => {
    configure('/a');
    const trouble = (reason: string) => book.trouble('a', lane('/a'), reason);
    expect(trouble('away')).toMatchObject({ isNews: true, waitMs: 1_000 });
    expect(trouble('away')).toMatchObject({ isNews: false, waitMs: 2_000 });
    expect(trouble('busy')).toMatchObject({ isNews: true, waitMs: 4_000 });
    book.proved('a', lane('/a'));
    expect(trouble('busy')).toMatchObject({ isNews: true, waitMs: 1_000 });
  });

  it('takes a lane that lies elsewhere for another one, and forgets one that left', () => {
    configure('/a', '/b');
    book.takeDue();
    book.opened('a', lane('/a'));
    book.opened('b', lane('/b'));
    book.configure(new Map([['a', lane('/elsewhere')]]));
    expect(book.open()).toEqual([]);
    // Words about where it was are late.
    book.opened('a', lane('/a'));
    expect(book.trouble('a', lane('/a'), 'away')).toBeUndefined();
    expect(book.open()).toEqual([]);
    expect(book.takeDue()).toEqual(['a']);
  });

  it('tells of each change of what may be claimed, and of nothing else', () => {
    configure('/a');
    expect(told).toBe(1);
    configure('/a');
    book.takeDue();
    expect(told).toBe(1);
    book.opened('a', lane('/a'));
    book.trouble('a', lane('/a'), 'away');
    expect(told).toBe(3);
  });
});
