/**
 * Configuration: `waggle.yaml` as a person writes it (ConfigFile) and the part the board enforces
 * (BoardConfig, in milliseconds, with every default filled in). The board holds the second, so every
 * machine obeys the same caps and policies.
 */
import { Type } from 'typebox';
import { Budget, BudgetLimit } from './budget.ts';
import { Gate } from './claim.ts';
import { Commit, Count, GateName, Line, Millis, Mode, Name, Strict, Words } from './common.ts';
import { OFFERS_LIMIT } from './limits.ts';

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

/** The harnesses that Waggle knows how to drive; `command` is any program. */
export const HarnessName = Words(['claude', 'codex', 'opencode', 'pi', 'droid', 'gemini', 'command']);
export type HarnessName = Type.Static<typeof HarnessName>;
export const PromptMode = Words(['file', 'stdin', 'argument']);
export type PromptMode = Type.Static<typeof PromptMode>;
/** What a harness may do without asking: change files and run Waggle's own commands, or everything. */
export const Rights = Words(['edit', 'full']);
export type Rights = Type.Static<typeof Rights>;
export const PoolStrategy = Words(['round_robin', 'weighted', 'least_used', 'quota_aware']);
export type PoolStrategy = Type.Static<typeof PoolStrategy>;

/** A whole number, or one with `k` or `M`. */
const Tokens = Type.Union([
  Type.String({ pattern: '^[0-9]+(\\.[0-9]+)?[kM]?$' }),
  Type.Integer({ minimum: 1 }),
]);
const budgetLimitFile = {
  tokens: Type.Optional(Tokens),
  cost: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  duration: Type.Optional(Duration),
};
const BudgetLimitFile = Strict(budgetLimitFile);
const BudgetFile = Strict({ ...budgetLimitFile, per: Budget.properties.per });
const weightFile = Type.Optional(Type.Number({ exclusiveMinimum: 0 }));

const ProfileFile = Strict({
  harness: Type.Optional(HarnessName),
  /** Of `harness: command` alone. */
  command: Type.Optional(Type.Array(Line, { minItems: 1 })),
  /** Name or path of a known harness's program. */
  program: Type.Optional(Line),
  model: Type.Optional(Line),
  /** Folder of the harness's own configuration and login. */
  account: Type.Optional(Line),
  args: Type.Optional(Type.Array(Line)),
  rights: Type.Optional(Rights),
  /** Whether the harness gets the MCP server of its run. */
  mcp: Type.Optional(Type.Boolean()),
  /** Name of the prompt that teaches it the protocol, or `none`. */
  template: Type.Optional(Line),
  prompt: Type.Optional(PromptMode),
  env: Type.Optional(Type.Array(Line)),
  set: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Type.String())),
  max_concurrency: Type.Optional(Positive),
  weight: weightFile,
  budget: Type.Optional(BudgetFile),
  /** How long its first sign of life may take. */
  start: Type.Optional(Duration),
  timeout: Type.Optional(Duration),
  silence: Type.Optional(Duration),
  grace: Type.Optional(Duration),
});

const PoolFile = Strict({
  profiles: Type.Array(Name, { minItems: 1, maxItems: OFFERS_LIMIT }),
  strategy: Type.Optional(PoolStrategy),
});

const BudgetsFile = Strict({
  run: Type.Optional(BudgetLimitFile),
  task: Type.Optional(BudgetLimitFile),
  profile: Type.Optional(BudgetFile),
  project: Type.Optional(BudgetFile),
});

/** A command whose end says whether a worker goes on: all criteria that are named must hold. */
const QuantitativeFile = Strict({
  run: Type.Union([Line, Type.Array(Line, { minItems: 1 })]),
  every: Type.Optional(Positive),
  when: Type.Optional(Words(['before', 'after', 'both'])),
  exit_codes: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), { minItems: 1 })),
  invert: Type.Optional(Type.Boolean()),
  stdout: Type.Optional(Words(['any', 'empty', 'nonempty'])),
  stderr: Type.Optional(Words(['any', 'empty', 'nonempty'])),
  stdout_matches: Type.Optional(Line),
  stderr_matches: Type.Optional(Line),
  decision: Type.Optional(Words(['stop', 'continue'])),
  timeout: Type.Optional(Duration),
});
/** A question to the harness after every so many runs; the first word of its answer is `0` (stop) or `1`. */
const QualitativeFile = Strict({
  every: Positive,
  /** The question itself, or the name of a prompt. */
  prompt: Line,
  on_invalid: Type.Optional(Words(['stop', 'continue'])),
});
const StopFile = Strict({
  quantitative: Type.Optional(QuantitativeFile),
  qualitative: Type.Optional(QualitativeFile),
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
  pools: Type.Optional(Type.Record(Name, PoolFile)),
  budgets: Type.Optional(BudgetsFile),
  policies: Type.Optional(PoliciesFile),
  workers: Type.Optional(
    Strict({
      count: Type.Optional(Positive),
      profile: Type.Optional(Name),
      pool: Type.Optional(Name),
      mode: Type.Optional(Mode),
      stop: Type.Optional(StopFile),
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

export const BoardProfile = Strict({
  max_concurrency: Type.Optional(Positive),
  weight: weightFile,
  budget: Type.Optional(Budget),
});
export type BoardProfile = Type.Static<typeof BoardProfile>;

export const BoardPool = Strict({ strategy: PoolStrategy, profiles: Type.Array(Name, { minItems: 1 }) });
export type BoardPool = Type.Static<typeof BoardPool>;

/** `run` and `task` are of each one, `profile` of each that has none of its own. */
export const Budgets = Strict({
  run: Type.Optional(BudgetLimit),
  task: Type.Optional(BudgetLimit),
  profile: Type.Optional(Budget),
  project: Type.Optional(Budget),
});
export type Budgets = Type.Static<typeof Budgets>;

/** What the board enforces. `pools` and `budgets` came with format 4. `roles` maps an agent's name to what it may report. */
export const BoardConfig = Strict({
  lanes: Type.Record(Name, BoardLane),
  gates: Type.Record(GateName, Gate),
  profiles: Type.Record(Name, BoardProfile),
  pools: Type.Optional(Type.Record(Name, BoardPool)),
  budgets: Type.Optional(Budgets),
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
