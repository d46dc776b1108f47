import { describe, expect, it } from 'vitest';
import type { BoardConfig, BoardPool } from '../../../../schemas/index.ts';
import { observable } from '../../../../shared/board/state.ts';
import { type ClaimPart, createDriver, type Driver, fold, rights } from './board-driver.ts';

const setUp = (
  strategy: BoardPool['strategy'],
  profiles: BoardConfig['profiles'] = { a: {}, b: {}, c: {} },
  more: Partial<BoardConfig> = {},
): Driver => {
  const pools = { main: { strategy, profiles: Object.keys(profiles) } };
  const driver = createDriver({ profiles, pools, ...more });
  driver.add(...Array.from({ length: 40 }, (_, n) => ({ id: `t${n}`, expects: 'none' as const })));
  return driver;
};

const offering = (profiles: string, pool = 'main'): ClaimPart => ({
  capabilities: { pool, offers: [...profiles].map((profile) => ({ profile, harness: 'command' })) },
});

let slot = 0;
const take = (driver: Driver, profiles = 'abc', pool = 'main') => {
  const grant = driver.take('w1', { ...offering(profiles, pool), slot: ++slot });
  if (grant.kind !== 'work') throw new Error('expected work');
  return grant;
};
/** The profiles of so many grants in a row. */
const turns = (driver: Driver, count: number, profiles = 'abc') =>
  Array.from({ length: count }, () => take(driver, profiles).profile).join('');

describe('round robin', () => {
  it('goes on after the profile that was granted last, in the order of the pool', () => {
    const driver = setUp('round_robin');
    expect(turns(driver, 4)).toBe('abca');
    expect(turns(driver, 4, 'cab')).toBe('bcab');
  });

  it('passes over whoever is held back or not offered', () => {
    const driver = setUp('round_robin', { a: {}, b: { max_concurrency: 1 }, c: {} });
    expect(turns(driver, 5)).toBe('abcac');
    driver.profile('c', 'stop');
    expect(turns(driver, 2)).toBe('aa');
    driver.profile('c', 'resume');
    expect(turns(driver, 2, 'ac')).toBe('ca');
  });

  it('goes on where it was under the next leader', () => {
    const driver = setUp('round_robin');
    turns(driver, 2);
    driver.replaceLeader();
    expect(turns(driver, 2)).toBe('ca');
  });
});

describe('by weight', () => {
  it('gives each its part', () => {
    const driver = setUp('weighted', { a: { weight: 3 }, b: {}, c: { weight: 0.5 } });
    const given = turns(driver, 18);
    const count = (profile: string) => [...given].filter((one) => one === profile).length;
    expect([count('a'), count('b'), count('c')]).toEqual([12, 4, 2]);
  });

  it('lets one that was away start level with the others', () => {
    const driver = setUp('weighted', { a: {}, b: {}, c: {} });
    turns(driver, 10, 'ab');
    expect([...turns(driver, 6)].sort().join('')).toBe('aabbcc');
  });

  it('lets one that is new start level with the others', () => {
    const driver = setUp('weighted', { a: {}, b: {} });
    turns(driver, 10, 'ab');
    driver.configure({
      profiles: { a: {}, b: {}, c: {} },
      pools: { main: { strategy: 'weighted', profiles: ['a', 'b', 'c'] } },
    });
    expect([...turns(driver, 6)].sort().join('')).toBe('aabbcc');
  });
});

it.each(['least_used', 'quota_aware'] as const)(
  '%s takes turns where no harness tells what it used',
  (strategy) => {
    const driver = setUp(strategy);
    const one = () => {
      const grant = take(driver);
      driver.done('w1', grant);
      return grant.profile;
    };
    expect([one(), one(), one(), one()].join('')).toBe('abca');
  },
);

describe('the least used', () => {
  it('goes first by the tokens of today, then by what it runs now, then in turn', () => {
    const driver = setUp('least_used');
    const done = (profiles: string, tokens: number) => {
      const grant = take(driver, profiles);
      const usage = { input_tokens: tokens, output_tokens: 1 };
      driver.report('w1', { kind: 'done', ...rights(grant), outcome: 'completed', usage });
    };
    done('a', 100);
    done('b', 10);
    expect(turns(driver, 2)).toBe('cc');
    done('c', 50);
    expect(turns(driver, 2)).toBe('bb');
    driver.now += 86_400_000;
    // A new day: nobody has used anything; a runs nothing, b and c run two each.
    expect(turns(driver, 4)).toBe('aabc');
  });
});

describe('by quota', () => {
  const tell = (driver: Driver, profile: string, used: number, resets_at?: number) => {
    const quota = { used, ...(resets_at === undefined ? {} : { resets_at }) };
    const grant = take(driver, profile);
    driver.report('w1', { kind: 'done', ...rights(grant), outcome: 'completed', run_note: { quota } });
  };

  it('goes to whoever has most left, and what was told counts until it begins anew', () => {
    const driver = setUp('quota_aware');
    tell(driver, 'a', 0.5, driver.now + 10_000);
    tell(driver, 'b', 0.2);
    tell(driver, 'c', 0.9, driver.now + 5_000);
    expect(turns(driver, 2)).toBe('bb');
    driver.now += 5_000;
    expect(turns(driver, 1)).toBe('c');
    driver.now += 5_000;
    // Both are whole again, and c runs one already.
    expect(turns(driver, 2)).toBe('ac');
  });

  it('believes for a day what was told without an end, and for a month what was told with one far away', () => {
    const driver = setUp('quota_aware');
    tell(driver, 'a', 1);
    tell(driver, 'b', 0.5, 1e300);
    tell(driver, 'c', 0.7, driver.now + 99 * 86_400_000);
    expect(turns(driver, 1)).toBe('b');
    driver.now += 86_400_001;
    expect(turns(driver, 1)).toBe('a');
    driver.now += 30 * 86_400_000;
    expect(turns(driver, 3)).toBe('cab');
  });

  it('counts a budget as well, whichever has less left', () => {
    const driver = setUp('quota_aware', { a: { budget: { tokens: 100 } }, b: {} });
    const grant = take(driver, 'a');
    driver.report('w1', {
      kind: 'done',
      ...rights(grant),
      outcome: 'completed',
      usage: { input_tokens: 60 },
    });
    tell(driver, 'b', 0.5);
    expect(turns(driver, 2, 'ab')).toBe('bb');
    tell(driver, 'b', 0.7);
    expect(turns(driver, 1, 'ab')).toBe('a');
  });
});

describe('offers', () => {
  it('go by their own order where there is no such pool, and then name none', () => {
    const driver = setUp('round_robin');
    expect([take(driver, 'cab', 'other').profile, take(driver, 'cab', 'other').profile]).toEqual(['c', 'c']);
    const { answer } = driver.claim('w2', offering('b', 'other'));
    const fence = answer.kind === 'granted' ? answer.fence : 0;
    expect(driver.board.runs.get(fence)).toMatchObject({ profile: 'b' });
    expect(driver.board.runs.get(fence)).not.toHaveProperty('pool');
  });

  it('that the pool does not name come last', () => {
    const driver = setUp('round_robin', { b: { max_concurrency: 1 } });
    expect(turns(driver, 3, 'zyb')).toBe('bzz');
  });

  it("that the pool does not name take nobody's turn", () => {
    const driver = setUp('round_robin');
    expect(turns(driver, 1)).toBe('a');
    take(driver, 'z');
    expect(turns(driver, 2)).toBe('bc');
  });

  it('name the pool in the grant and its record', () => {
    const driver = setUp('round_robin');
    const { fence, task } = take(driver);
    expect(driver.task(task).grant).toMatchObject({ profile: 'a', pool: 'main' });
    expect(driver.board.runs.get(fence)).toMatchObject({ profile: 'a', pool: 'main' });
  });

  it('are matched with what each task requires, task first and profile second', () => {
    const driver = createDriver({ profiles: { a: {}, b: {} } });
    const pinned = { requires: { profile: 'b' }, priority: 'P0' as const };
    driver.add({ id: 'free' }, { id: 'pinned', ...pinned }, { id: 'codex', requires: { harness: 'codex' } });
    const both: ClaimPart = {
      capabilities: {
        offers: [
          { profile: 'a', harness: 'command' },
          { profile: 'b', harness: 'codex' },
        ],
      },
    };
    expect(driver.take('w1', both)).toMatchObject({ task: 'pinned', profile: 'b' });
    expect(driver.take('w2', both)).toMatchObject({ task: 'free', profile: 'a' });
    expect(driver.take('w3', both)).toMatchObject({ task: 'codex', profile: 'b' });
  });

  it('wait with a task whose only profile is busy, while other tasks go on', () => {
    const driver = createDriver({ profiles: { a: { max_concurrency: 1 }, b: {} } });
    driver.add(
      { id: 'one', requires: { profile: 'a' } },
      { id: 'two', requires: { profile: 'a' } },
      { id: 'three' },
    );
    expect(driver.take('w1', offering('ab')).task).toBe('one');
    expect(driver.take('w2', offering('ab'))).toMatchObject({ task: 'three', profile: 'b' });
    expect(driver.claim('w3', offering('ab')).answer.kind).toBe('wait');
  });

  it('keep caps exact, whoever asks', () => {
    const driver = setUp('least_used', { a: { max_concurrency: 3 }, b: { max_concurrency: 2 } });
    const granted = Array.from({ length: 20 }, (_, n) => driver.claim(`w${n}`, offering('ab')).answer.kind);
    expect(granted.filter((kind) => kind === 'granted')).toHaveLength(5);
    expect([driver.board.load.profile('a'), driver.board.load.profile('b')]).toEqual([3, 2]);
  });
});

it('a pool that left the configuration is forgotten, and boards agree about the rest', () => {
  const driver = setUp('weighted');
  turns(driver, 3);
  expect(observable(fold(driver.batches, 'msgpack'))).toEqual(observable(driver.board));
  driver.configure({ pools: {} });
  expect(driver.board.pools.size).toBe(0);
});
