import { describe, expect, it } from 'vitest';
import { addUsage, growthOf, mostUsage, tokensOf } from '../../../../shared/board/usage.ts';
import {
  createUsageBook,
  DAYS_KEPT,
  EARLIER,
  nextMidnight,
  utcDay,
} from '../../../../shared/board/usage-book.ts';

describe('usage', () => {
  it('adds what is told, and leaves out what nobody told', () => {
    expect(addUsage({ input_tokens: 1, cost_usd: 0.1 }, { input_tokens: 2, output_tokens: 0 })).toEqual({
      input_tokens: 3,
      output_tokens: 0,
      cost_usd: 0.1,
    });
    expect(addUsage({}, {})).toEqual({});
  });

  it('sums up costs to the same in any order', () => {
    const costs = [0.1, 0.2, 0.7, 1e-6, 123.456789, 0.3];
    const sum = (list: number[]) => list.reduce((usage, cost_usd) => addUsage(usage, { cost_usd }), {});
    expect(sum(costs)).toEqual(sum(costs.toReversed()));
    expect(sum([0.1, 0.2])).toEqual({ cost_usd: 0.3 });
  });

  it('grows by what exceeds the told before, and never shrinks', () => {
    const before = { input_tokens: 10, output_tokens: 5 };
    expect(growthOf(before, { input_tokens: 12, output_tokens: 3, duration_ms: 7 })).toEqual({
      input_tokens: 2,
      output_tokens: 0,
      duration_ms: 7,
    });
    expect(mostUsage(before, { input_tokens: 4, cost_usd: 1 })).toEqual({
      ...before,
      input_tokens: 10,
      cost_usd: 1,
    });
  });

  it('counts input and output as tokens, of which those from a cache are a part', () => {
    expect(tokensOf({ input_tokens: 10, cached_input_tokens: 8, output_tokens: 5 })).toBe(15);
    expect(tokensOf({ cost_usd: 1 })).toBe(0);
  });
});

describe('the book of usage', () => {
  const used = (tokens: number) => ({ runs: 1, usage: { input_tokens: tokens } });

  it('sums up by day and by profile', () => {
    const book = createUsageBook();
    book.add('2027-01-01', 'a', used(1));
    book.add('2027-01-01', 'b', used(2));
    book.add('2027-01-02', 'a', used(4));
    expect(book.of('2027-01-01', 'a')).toEqual(used(1));
    expect(book.ofDay('2027-01-01')).toEqual({ runs: 2, usage: { input_tokens: 3 } });
    expect(book.ofProfile('a')).toEqual({ runs: 2, usage: { input_tokens: 5 } });
    expect(book.total()).toEqual({ runs: 3, usage: { input_tokens: 7 } });
    expect(book.ofDay('2027-01-03')).toEqual({ runs: 0, usage: {} });
  });

  it('keeps the sum of days that are too long ago, under one day, also through a snapshot', () => {
    let book = createUsageBook();
    const start = Date.UTC(2027, 0, 1);
    for (let day = 0; day < DAYS_KEPT + 30; day += 1) {
      book.add(utcDay(start + day * 86_400_000), 'a', used(1));
      if (day % 7 === 0) book = createUsageBook(book.rows());
    }
    expect(book.total()).toEqual({ runs: 430, usage: { input_tokens: 430 } });
    expect(book.rows()).toHaveLength(DAYS_KEPT + 1);
    expect(book.of(EARLIER, 'a').runs).toBe(30);
    expect(createUsageBook(book.rows()).rows()).toEqual(book.rows());
  });

  it('knows when days begin', () => {
    const noon = Date.UTC(2027, 1, 28, 12);
    expect(utcDay(noon)).toBe('2027-02-28');
    expect(nextMidnight(noon)).toBe(Date.UTC(2027, 2, 1));
    expect(nextMidnight(Date.UTC(2027, 2, 1))).toBe(Date.UTC(2027, 2, 2));
  });
});
