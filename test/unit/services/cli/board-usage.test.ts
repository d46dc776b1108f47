import { describe, expect, it } from 'vitest';
import type { Query, QueryAnswerOf } from '../../../../schemas/index.ts';
import { askProfiles, askUsage } from '../../../../services/cli/board-usage.ts';
import type { BoardClient } from '../../../../shared/bus/board-client.ts';
import { WaggleError } from '../../../../shared/errors.ts';

const { signal } = new AbortController();
const clientOf = (answer: (query: Query) => unknown): BoardClient => ({
  command: () => Promise.reject(new Error('no command was expected')),
  query: (async (query: Query) => answer(query)) as BoardClient['query'],
});
const refusing = (reason: string) =>
  clientOf(() => {
    throw new WaggleError('refused', { message: 'no', reason });
  });

const page = (keys: string[], next?: string): Partial<QueryAnswerOf<'usage'>> => ({
  rows: keys.map((key) => ({ key, runs: 1, usage: {} })),
  total: { key: '', runs: 3, usage: {} },
  budgets: [],
  ...(next === undefined ? {} : { next }),
});

describe('usage', () => {
  it('is asked for page by page', async () => {
    const asked: Query[] = [];
    const client = clientOf((query) => {
      asked.push(query);
      return 'after' in query && query.after !== undefined ? page(['c']) : page(['a', 'b'], 'b');
    });
    const { rows } = await askUsage(client, { by: 'day', since: 5 }, signal);
    expect(rows.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([
      { v: 1, kind: 'usage', by: 'day', since: 5 },
      { v: 1, kind: 'usage', by: 'day', since: 5, after: 'b' },
    ]);
  });

  it('ends at a page that leads nowhere new', async () => {
    const { rows } = await askUsage(
      clientOf(() => page(['a'], 'a')),
      { by: 'day' },
      signal,
    );
    expect(rows.length).toBe(2);
  });
});

describe('a leader of an older version', () => {
  it('is told apart from one that refuses', async () => {
    expect(await askProfiles(refusing('invalid'), signal)).toBeUndefined();
    await expect(askProfiles(refusing('not-leading'), signal)).rejects.toMatchObject({ code: 'refused' });
    await expect(askUsage(refusing('invalid'), { by: 'task' }, signal)).rejects.toThrow('older version');
    await expect(askUsage(refusing('not-leading'), { by: 'task' }, signal)).rejects.toThrow('no');
  });
});
