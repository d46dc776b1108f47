/**
 * What `waggle.yaml` may hold, in the words its errors use. In step with `ConfigFile` of `schemas/`, which a
 * test checks key by key.
 */
import { GATE_PATTERN, NAME_PATTERN } from '../../schemas/limits.ts';
import { DURATION_EXPECTED, parseDuration } from './durations.ts';
import { anyText, gateName, integer, listOf, matching, NAME_EXPECTED, name, oneOf, text } from './scalars.ts';
import type { MapShape, ObjectShape, ScalarShape, Shape } from './shape.ts';

const positive = integer(1);

/** Kept as the file format has it; compound forms (`1h30m`), which that lacks, become milliseconds. */
const duration: ScalarShape = {
  kind: 'scalar',
  expected: DURATION_EXPECTED,
  read: (value) => {
    if (typeof value !== 'string' && typeof value !== 'number') return undefined;
    const ms = parseDuration(value);
    return ms === undefined ? undefined : `${ms}ms`;
  },
};

const weight: ScalarShape = {
  kind: 'scalar',
  expected: 'a number above 0',
  read: (value) => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined),
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

const gate: Shape = {
  kind: 'either',
  shapes: [
    text,
    object({ run: { kind: 'either', shapes: [text, listOf(text, { min: 1 })] }, timeout: duration }, ['run']),
  ],
};

const profile = object(
  {
    harness: oneOf(['command']),
    command: listOf(text, { min: 1 }),
    prompt: oneOf(['file', 'stdin', 'argument']),
    env: listOf(text),
    set: map('^[A-Za-z_][A-Za-z0-9_]*$', 'the name of an environment variable', anyText),
    max_concurrency: positive,
    timeout: duration,
    silence: duration,
    grace: duration,
  },
  ['command'],
);

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
  weights: map('^.+$', 'a label', weight),
});

export const configShape: ObjectShape = object(
  {
    project: name,
    lanes: map(NAME_PATTERN, NAME_EXPECTED, lane),
    gates: map(GATE_PATTERN, gateName.expected, gate),
    profiles: map(NAME_PATTERN, NAME_EXPECTED, profile),
    policies,
    workers: object({ count: positive, profile: name, labels: listOf(text), checkpoint: duration }),
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
