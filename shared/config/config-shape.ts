/**
 * What `waggle.yaml` may hold, in the words its errors use. In step with `ConfigFile` of `schemas/`, which a
 * test checks key by key.
 */
import { GATE_PATTERN, NAME_PATTERN, OFFERS_LIMIT } from '../../schemas/limits.ts';
import { DURATION_EXPECTED, parseDuration } from './durations.ts';
import {
  anyText,
  flag,
  gateName,
  integer,
  listOf,
  matching,
  NAME_EXPECTED,
  name,
  oneOf,
  text,
} from './scalars.ts';
import type { MapShape, ObjectShape, ScalarShape, Shape } from './shape.ts';
import { parseTokens, TOKENS_EXPECTED } from './tokens.ts';

const harnesses = ['claude', 'codex', 'opencode', 'pi', 'droid', 'gemini', 'command'];

const positive = integer(1);

/** Kept as the file format has it; compound forms (`1h30m`), which that lacks, become milliseconds. */
const durationFrom = (leastMs: number, expected: string): ScalarShape => ({
  kind: 'scalar',
  expected,
  read: (value) => {
    if (typeof value !== 'string' && typeof value !== 'number') return undefined;
    const ms = parseDuration(value);
    return ms === undefined || ms < leastMs ? undefined : `${ms}ms`;
  },
});
const duration = durationFrom(0, DURATION_EXPECTED);

const aboveZero: ScalarShape = {
  kind: 'scalar',
  expected: 'a number above 0',
  read: (value) => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined),
};

/** Becomes a whole number. */
const tokens: ScalarShape = {
  kind: 'scalar',
  expected: TOKENS_EXPECTED,
  read: (value) => (typeof value === 'string' || typeof value === 'number' ? parseTokens(value) : undefined),
};

const object = (keys: Readonly<Record<string, Shape>>, required: readonly string[] = []): ObjectShape => ({
  kind: 'object',
  keys,
  required,
});

const map = (keyPattern: string, keyExpected: string, of: Shape): MapShape => ({
  kind: 'map',
  keyPattern,
  keyExpected,
  of,
});

const lane = object({ home: text, base: text, branch: text, gates: listOf(gateName) });

/** A line for the shell, or an argument vector. */
const commandLine: Shape = { kind: 'either', shapes: [text, listOf(text, { min: 1 })] };

const gate: Shape = {
  kind: 'either',
  shapes: [text, object({ run: commandLine, timeout: duration }, ['run'])],
};

const limit = { tokens, cost: aboveZero, duration: durationFrom(1, `${DURATION_EXPECTED}, above 0`) };
const budget = object({ ...limit, per: oneOf(['day', 'total']) });

const profile = object({
  harness: oneOf(harnesses),
  command: listOf(text, { min: 1 }),
  program: text,
  model: text,
  account: text,
  args: listOf(text),
  rights: oneOf(['edit', 'full']),
  mcp: flag,
  template: text,
  prompt: oneOf(['file', 'stdin', 'argument']),
  env: listOf(text),
  set: map('^[A-Za-z_][A-Za-z0-9_]*$', 'the name of an environment variable', anyText),
  max_concurrency: positive,
  weight: aboveZero,
  budget,
  start: duration,
  timeout: duration,
  silence: duration,
  grace: duration,
});

const pool = object(
  {
    profiles: listOf(name, { min: 1, max: OFFERS_LIMIT }),
    strategy: oneOf(['round_robin', 'weighted', 'least_used', 'quota_aware']),
  },
  ['profiles'],
);

const output = oneOf(['any', 'empty', 'nonempty']);
const stop = object({
  quantitative: object(
    {
      run: commandLine,
      every: positive,
      when: oneOf(['before', 'after', 'both']),
      exit_codes: listOf(integer(0, 255), { min: 1 }),
      invert: flag,
      stdout: output,
      stderr: output,
      stdout_matches: text,
      stderr_matches: text,
      decision: oneOf(['stop', 'continue']),
      timeout: duration,
    },
    ['run'],
  ),
  qualitative: object({ every: positive, prompt: text, on_invalid: oneOf(['stop', 'continue']) }, [
    'every',
    'prompt',
  ]),
});

const policies = object({
  max_attempts: positive,
  max_losses: positive,
  max_conflicts: positive,
  backoff: duration,
  backoff_max: duration,
  lease: duration,
  stale_after: duration,
  stale_grace: duration,
  paths: oneOf(['serialise', 'warn']),
  max_grants: positive,
  max_heavy: positive,
  max_per_lane: positive,
  dead_letter_after: duration,
  weights: map('^.+$', 'a label', aboveZero),
});

export const configShape: ObjectShape = object(
  {
    project: name,
    lanes: map(NAME_PATTERN, NAME_EXPECTED, lane),
    gates: map(GATE_PATTERN, gateName.expected, gate),
    profiles: map(NAME_PATTERN, NAME_EXPECTED, profile),
    pools: map(NAME_PATTERN, NAME_EXPECTED, pool),
    budgets: object({ run: object(limit), task: object(limit), profile: budget, project: budget }),
    policies,
    workers: object({
      count: positive,
      profile: name,
      pool: name,
      mode: oneOf(['single-task', 'continuous']),
      stop,
      labels: listOf(text),
      checkpoint: duration,
    }),
    roles: map(
      NAME_PATTERN,
      NAME_EXPECTED,
      oneOf(['operator', 'worker', 'committer', 'stale-takeover', 'orchestrator']),
    ),
    bus: object({
      output_max_bytes: matching('^[0-9]+(KiB|MiB|GiB)?$', 'a size such as "512", 64KiB, 20MiB or 1GiB'),
      output_max_age: duration,
    }),
  },
  ['project'],
);
