import { describe, expect, it } from 'vitest';
import type { ProfileView } from '../../../../schemas/index.ts';
import { poolEntry, poolTable } from '../../../../services/cli/pool-list.ts';
import {
  type LocalProfile,
  listProfiles,
  profileState,
  profileTable,
} from '../../../../services/cli/profile-list.ts';
import { restLines, restRecord } from '../../../../services/cli/rest-text.ts';

const now = Date.UTC(2026, 2, 1, 9);
const view = (name: string, over: Partial<ProfileView> = {}): ProfileView => ({
  name,
  live: 0,
  stopped: false,
  failures: 0,
  runs: 0,
  usage: {},
  ...over,
});
const local = new Map<string, LocalProfile>([
  ['big', { harness: 'claude', model: 'opus', account: '/acc', maxConcurrency: 9 }],
  ['new', { harness: 'codex' }],
]);
const board = [
  view('big', {
    max_concurrency: 2,
    live: 1,
    cooldown_until: now + 1_800_000,
    reason: 'weekly\nlimit',
    quota: { used: 0.96 },
    runs: 5,
    usage: { input_tokens: 4_000, cost_usd: 1.5 },
  }),
  view('gone', { stopped: true, cooldown_until: now + 1, failures: 3, reason: 'login' }),
];

describe('the state of a profile', () => {
  it('is ready again when its cooldown is over, and stopped before all else', () => {
    expect(profileState({ stopped: false, cooldown_until: now + 1 }, now)).toBe('cooling');
    expect(profileState({ stopped: false, cooldown_until: now }, now)).toBe('ready');
    expect(profileState({ stopped: true, cooldown_until: now + 1 }, now)).toBe('stopped');
  });
});

describe('profiles', () => {
  it('are listed by name with what either side knows; the board has the last word on the cap', () => {
    expect(listProfiles(local, board, now)).toEqual([
      {
        name: 'big',
        known_to: 'board and file',
        harness: 'claude',
        model: 'opus',
        account: '/acc',
        max_concurrency: 2,
        live: 1,
        state: 'cooling',
        cooldown_until: '2026-03-01T09:30:00.000Z',
        reason: 'weekly\nlimit',
        failures: 0,
        quota: { used: 0.96 },
        runs: 5,
        usage: { input_tokens: 4_000, cost_usd: 1.5 },
      },
      {
        name: 'gone',
        known_to: 'board',
        state: 'stopped',
        live: 0,
        failures: 3,
        reason: 'login',
        runs: 0,
        usage: {},
      },
      { name: 'new', known_to: 'file', harness: 'codex' },
    ]);
  });

  it('are a table that says what rests, and what the board does not know', () => {
    const text = profileTable(listProfiles(local, board, now), { now, isHeard: true });
    expect(text).toContain('cooling until 2026-03-01T09:30:00Z (30m)');
    expect(text).toMatch(/big .* 1 +2 +0 +5 +4k +\$1\.50 +96 % used +\/acc +weekly limit\n/);
    expect(text).toContain('stopped: gone gets no work; `waggle profile resume gone` ends that\n');
    expect(text).toContain('the board does not know new;');
    expect(profileTable(listProfiles(local, undefined, now), { now, isHeard: false })).not.toContain(
      'the board',
    );
  });
});

describe('a pool', () => {
  const pool = {
    name: 'main',
    strategy: 'weighted' as const,
    profiles: ['big', 'gone', 'other'],
    last: 'big',
  };

  it('has its members in order, with the states that are known', () => {
    expect(poolTable([poolEntry(pool, board, now)])).toBe(
      'POOL  STRATEGY  PROFILES                              LAST\nmain  weighted  big (cooling), gone (stopped), other  big\n',
    );
    expect(poolEntry(pool, [], now).profiles).toEqual([{ name: 'big' }, { name: 'gone' }, { name: 'other' }]);
  });
});

describe('for the status', () => {
  const budgets = [
    { scope: 'task', name: 't', what: 'tokens', used: 85, limit: 100, level: 'warn' },
    { scope: 'task', name: 'u', what: 'tokens', used: 5, limit: 100 },
  ] as const;

  it('profiles that rest and budgets at a level are a line each', () => {
    expect(restLines({ profiles: board, budgets: [...budgets] }, now)).toEqual([
      'profile big cooling until 2026-03-01T09:30:00Z: weekly limit',
      'profile gone stopped: login',
      'budget of task t: 85 % of 100 tokens (warn)',
    ]);
    expect(restLines({ profiles: [view('x')], budgets: [] }, now)).toEqual([]);
  });

  it('machines get the same', () => {
    expect(restRecord({ profiles: board, budgets: [...budgets] }, now)).toMatchObject({
      resting: [
        { profile: 'big', state: 'cooling', cooldown_until: '2026-03-01T09:30:00.000Z' },
        { profile: 'gone', state: 'stopped', reason: 'login' },
      ],
      budgets: [{ name: 't', share: 0.85 }],
    });
  });
});

describe('a profile that one machine gets no work of', () => {
  const barred = [view('big', { barred: 'host\nb', reason: '3 runs in a row ended env_failed' })];

  it('is ready for the others, and the table says how that ends', () => {
    const [entry] = listProfiles(new Map(), barred, now);
    expect(entry).toMatchObject({ state: 'ready', barred: 'host\nb' });
    const table = profileTable([entry!], { now, isHeard: true });
    expect(table).toContain('ready, not on host b');
    expect(table).toContain(
      'barred: host b gets no work of big, which works elsewhere; `waggle profile resume big`, or an agent that is started anew there, ends that\n',
    );
  });

  it('is told of by status, to people and machines', () => {
    const known = { profiles: barred, budgets: [] };
    expect(restLines(known, now)).toEqual([
      'profile big stopped on host b: 3 runs in a row ended env_failed',
    ]);
    expect(restRecord(known, now)).toMatchObject({
      resting: [{ profile: 'big', state: 'ready', barred: 'host\nb' }],
    });
  });
});
