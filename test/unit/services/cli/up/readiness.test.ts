import { expect, test } from 'vitest';
import type { Beat } from '../../../../../schemas/index.ts';
import { missingParts, type Seen } from '../../../../../services/cli/up/readiness.ts';
import { emptyConfig } from '../../../../../shared/board/state.ts';

const lane = { home: '/repo', base: 'HEAD', branch: 'waggle/main', gates: [] };
const status = (tip?: string): NonNullable<Seen['status']> => ({
  term: 1,
  config: { ...emptyConfig, lanes: { main: lane } },
  lanes: { main: { commits: 0, ...(tip === undefined ? {} : { tip }) } },
});
const beat = (over: Partial<Beat> = {}): Beat => ({
  v: 1,
  kind: 'beat',
  role: 'worker',
  incarnation: '1-a',
  place: { host: 'here', boot: 'b', state: 's' },
  pid: 7,
  version: '1',
  state: 'waiting',
  every_ms: 1_000,
  uptime_ms: 1,
  grants: [],
  ...over,
});
const seen = (over: Partial<Beat> = {}): Seen => ({
  status: status('a'.repeat(40)),
  beats: [{ agent: 'w1', age_ms: 5, beat: beat(over) }],
  pids: new Map([['w1', 7]]),
  host: 'here',
});
const names = (value: Seen) => missingParts(value).map(({ name }) => name);

test('with a leader, opened lanes and beats of our own processes nothing is missing', () => {
  expect(missingParts(seen())).toEqual([]);
});

test('without a leader only that is missing: nothing else can be asked', () => {
  expect(names({ pids: new Map([['w1', 7]]), host: 'here' })).toEqual(['orchestrator']);
});

test('a lane without a tip is missing', () => {
  expect(names({ ...seen(), status: status() })).toEqual(['lane main']);
});

test('a beat of another process, another host or one that left is no beat of ours', () => {
  expect(names(seen({ pid: 8 }))).toEqual(['w1']);
  expect(names(seen({ place: { host: 'there', boot: 'b', state: 's' } }))).toEqual(['w1']);
  expect(names(seen({ state: 'gone' }))).toEqual(['w1']);
  expect(names({ ...seen(), pids: new Map([['w1', undefined]]) })).toEqual(['w1']);
  expect(names({ ...seen(), beats: [] })).toEqual(['w1']);
});
