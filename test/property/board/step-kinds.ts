/**
 * The steps of a random history as data that shrinks well: numbers pick among what exists when the step is taken.
 */
import fc from 'fast-check';
import { fields, pick, some } from './fields.ts';

export const workers = ['w1', 'w2', 'w3'] as const;
export const committers = ['c1', 'c2'] as const;
const lanes = ['main', 'docs'] as const;
const people = ['ann', 'bob', 'w1', 'nobody', 'orchestrator'] as const;
const verbs = [
  'start',
  'takeover',
  'close',
  'close-commit',
  'block',
  'reopen',
  'retry',
  'cancel',
  'answer',
] as const;
const reports = [
  'submitted',
  'submitted',
  'submitted',
  'done',
  'blocked',
  'failed',
  'limited',
  'limited',
  'auth',
  'env',
  'killed',
  'progress',
  'used',
  'released',
  'committed',
  'committed',
  'committed',
  'conflict',
  'gate',
  'empty',
  'bundle_missing',
  'lane_moved',
  'drained',
  'takeover',
  'take-stale',
  'stale',
  'checkpoint',
  'checkpoint',
] as const;
const claims = [
  'fresh',
  'fresh',
  'fresh',
  'repeat',
  'lower',
  'listing',
  'restart',
  'elsewhere',
  'ended',
] as const;

const usage = fc.record(
  {
    input_tokens: fc.nat(60),
    output_tokens: fc.nat(20),
    // Not all of these can be written in binary.
    cost_usd: fc.nat(300).map((cents) => cents / 100),
  },
  { requiredKeys: [] },
);

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      ...fields,
      lane: fc.constantFrom('main', 'main', ...lanes, undefined),
      expects: fc.constantFrom('change', 'change', 'none', 'any'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('edit' as const),
      task: pick,
      what: fc.subarray(Object.keys(fields), { minLength: 1, maxLength: 2 }),
      ...fields,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('verb' as const),
      task: pick,
      verb: fc.constantFrom(...verbs),
      by: fc.constantFrom('op', 'ann', 'w1'),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      agent: fc.constantFrom(...workers),
      slot: fc.nat(1),
      how: fc.constantFrom(...claims),
      as: pick,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      agent: fc.constantFrom(...committers),
      slot: fc.constant(0),
      how: fc.constantFrom(...claims),
      as: pick,
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      grant: pick,
      kind: fc.constantFrom(...reports),
      stale: fc.boolean(),
      from: some(pick),
      usage: some(usage),
      quota: some(fc.constantFrom(0, 0.5, 1)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('beat' as const), grant: pick, usage, from: some(pick) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('profile' as const),
      profile: fc.constantFrom('p1', 'big', 'small', 'p9'),
      action: fc.constantFrom('cool', 'stop', 'resume', 'resume'),
      forMs: fc.constantFrom(-1, 1_000, 500_000),
      by: fc.constantFrom('op', 'op', 'w1'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('again' as const), input: pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 1_000, 10_000, 400_000, 50_000_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('mail' as const),
      from: fc.constantFrom(...people),
      to: fc.constantFrom(...people, 'topic' as const),
      within: some(fc.constantFrom(1_000, 100_000)),
      known: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('receipt' as const),
      of: pick,
      by: some(fc.constantFrom(...people)),
      state: fc.constantFrom('delivered', 'read', 'acknowledged'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('look' as const),
      at: pick,
      isKnown: fc.constantFrom(true, true, false, undefined),
      silentMs: fc.constantFrom(0, 30_000, 900_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('person' as const),
      by: fc.constantFrom(...people),
      what: fc.constantFrom('register', 'status', 'clear', 'redeliver', 'copy'),
      as: pick,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('configure' as const), what: pick }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('lane' as const),
      lane: fc.constantFrom(...lanes),
      how: fc.constantFrom('same', 'moved', 'adopt'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('lead' as const),
      codec: fc.constantFrom('msgpack' as const, 'json' as const),
    }),
  },
);
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
export const history = fc.array(step, { minLength: 20, maxLength: 90, size: 'max' });
