/**
 * Configuration: `waggle.yaml` as a person writes it (ConfigFile) and the part the board enforces
 * (BoardConfig, in milliseconds, with every default filled in). The board holds the second, so every
 * machine obeys the same caps and policies.
 */
import { Type } from 'typebox';
import { Gate } from './claim.ts';
import { Commit, Count, GateName, Line, Millis, Name, Strict, Words } from './common.ts';

/** `300ms`, `30s`, `45m`, `2h`, `1d`, or a whole number of seconds. */
const Duration = Type.Union([
  Type.String({ pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$' }),
  Type.Integer({ minimum: 0 }),
]);
const Positive = Type.Integer({ minimum: 1 });
const Bytes = Type.String({ pattern: '^[0-9]+(KiB|MiB|GiB)?$' });

const LaneFile = Strict({
  home: Type.Optional(Line),
  base: Type.Optional(Line),
  branch: Type.Optional(Line),
  gates: Type.Optional(Type.Array(GateName)),
});

const GateFile = Type.Union([
  Line,
  Strict({
    run: Type.Union([Line, Type.Array(Line, { minItems: 1 })]),
    timeout: Type.Optional(Duration),
  }),
]);

const ProfileFile = Strict({
  harness: Type.Optional(Words(['command'])),
  command: Type.Array(Line, { minItems: 1 }),
  prompt: Type.Optional(Words(['file', 'stdin', 'argument'])),
  env: Type.Optional(Type.Array(Line)),
  set: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Type.String())),
  max_concurrency: Type.Optional(Positive),
  timeout: Type.Optional(Duration),
  silence: Type.Optional(Duration),
  grace: Type.Optional(Duration),
});

const PoliciesFile = Strict({
  max_attempts: Type.Optional(Positive),
  max_losses: Type.Optional(Positive),
  max_conflicts: Type.Optional(Positive),
  backoff: Type.Optional(Duration),
  backoff_max: Type.Optional(Duration),
  lease: Type.Optional(Duration),
  stale_after: Type.Optional(Duration),
  stale_grace: Type.Optional(Duration),
  paths: Type.Optional(Words(['serialise', 'warn'])),
  max_grants: Type.Optional(Positive),
  max_heavy: Type.Optional(Positive),
  max_per_lane: Type.Optional(Positive),
  weights: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Type.Number({ exclusiveMinimum: 0 }))),
  dead_letter_after: Type.Optional(Duration),
});

export const Role = Words(['operator', 'worker', 'committer', 'stale-takeover', 'orchestrator']);
export type Role = Type.Static<typeof Role>;

/** `waggle.yaml`. */
export const ConfigFile = Strict({
  project: Name,
  lanes: Type.Optional(Type.Record(Name, LaneFile)),
  gates: Type.Optional(Type.Record(GateName, GateFile)),
  profiles: Type.Optional(Type.Record(Name, ProfileFile)),
  policies: Type.Optional(PoliciesFile),
  workers: Type.Optional(
    Strict({
      count: Type.Optional(Positive),
      profile: Type.Optional(Name),
      labels: Type.Optional(Type.Array(Line)),
      /** How often a run's tree is stored while it works; 0 turns that off. */
      checkpoint: Type.Optional(Duration),
    }),
  ),
  roles: Type.Optional(Type.Record(Name, Role)),
  bus: Type.Optional(
    Strict({
      output_max_bytes: Type.Optional(Bytes),
      output_max_age: Type.Optional(Duration),
    }),
  ),
});
export type ConfigFile = Type.Static<typeof ConfigFile>;

export const Policies = Strict({
  max_attempts: Positive,
  max_losses: Positive,
  max_conflicts: Positive,
  backoff_ms: Millis,
  backoff_max_ms: Millis,
  lease_ms: Millis,
  stale_after_ms: Millis,
  stale_grace_ms: Millis,
  paths: Words(['serialise', 'warn']),
  max_grants: Type.Optional(Positive),
  max_heavy: Positive,
  max_per_lane: Type.Optional(Positive),
  weights: Type.Record(Type.String({ minLength: 1 }), Type.Number({ exclusiveMinimum: 0 })),
  /** A mail to somebody whom nobody has seen for so long is a dead letter. Default: 10 minutes. */
  dead_letter_after_ms: Type.Optional(Millis),
});
export type Policies = Type.Static<typeof Policies>;

export const BoardLane = Strict({
  home: Line,
  base: Line,
  branch: Line,
  gates: Type.Array(GateName),
});
export type BoardLane = Type.Static<typeof BoardLane>;

/** What the board enforces. `roles` maps an agent's name to what it may report. */
export const BoardConfig = Strict({
  lanes: Type.Record(Name, BoardLane),
  gates: Type.Record(GateName, Gate),
  profiles: Type.Record(Name, Strict({ max_concurrency: Type.Optional(Positive) })),
  policies: Policies,
  roles: Type.Record(Name, Role),
});
export type BoardConfig = Type.Static<typeof BoardConfig>;

/** What the board remembers about a lane's branch. */
export const LaneState = Strict({
  tip: Type.Optional(Commit),
  moved_to: Type.Optional(Commit),
  commits: Count,
});
export type LaneState = Type.Static<typeof LaneState>;
