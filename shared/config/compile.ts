/**
 * From `waggle.yaml` as a person wrote it to what the services use: every default filled in, durations in
 * milliseconds, paths absolute. Pure; takes a file that has passed all checks.
 */
import type {
  BoardConfig,
  BoardLane,
  BoardPool,
  BoardProfile,
  ConfigFile,
  Gate,
  Mode,
  Policies,
  Role,
} from '../../schemas/index.ts';
import { parseBytes } from './bytes.ts';
import { compileBudget, compileBudgets } from './compile-budgets.ts';
import { type CompiledProfile, compileProfile, type ProfileFile } from './compile-profile.ts';
import { defaults } from './defaults.ts';
import { msOr, parseDuration } from './durations.ts';
import { resolveHome } from './lane-home.ts';
import { compileStop, type StopRules } from './stop-rules.ts';

/**
 * The workers that `waggle up` starts. `profile`: the named one, else the first; absent when there is none, or when they
 * take the profiles of `pool` in turn.
 */
export interface WorkersConfig {
  readonly count: number;
  readonly profile?: string;
  readonly pool?: string;
  readonly mode: Mode;
  readonly stop?: StopRules;
  readonly labels: readonly string[];
  /** How often a run's tree is stored while it works; 0: never. */
  readonly checkpointMs: number;
}

/** Bounds of the OUTPUT stream; absent means the built-in ones. */
export interface BusLimits {
  readonly outputMaxBytes?: number;
  readonly outputMaxAgeMs?: number;
}

export interface CompiledConfig {
  readonly project: string;
  readonly board: BoardConfig;
  readonly profiles: ReadonlyMap<string, CompiledProfile>;
  readonly pools: ReadonlyMap<string, BoardPool>;
  readonly workers: WorkersConfig;
  readonly bus: BusLimits;
}

export interface CompileOptions {
  /** Absolute path of the folder that holds `waggle.yaml`. */
  readonly folder: string;
  /** What each agent's name may report, as the caller knows it; the file's own `roles` win. */
  readonly roles?: Readonly<Record<string, Role>>;
}

/** The compiled form of a checked file. */
export function compileConfig(file: ConfigFile, options: CompileOptions): CompiledConfig {
  const profiles = new Map(
    Object.entries(file.profiles ?? {}).map(([name, profile]) => [
      name,
      compileProfile(profile, options.folder),
    ]),
  );
  const pools = file.pools === undefined ? undefined : mapValues(file.pools, compilePool);
  return {
    project: file.project,
    board: {
      lanes: compileLanes(file.lanes ?? {}, options.folder),
      gates: mapValues(file.gates ?? {}, compileGate),
      profiles: mapValues(file.profiles ?? {}, compileCaps),
      // Only where it is said: a journal of an older format cannot hold it.
      ...(pools === undefined ? {} : { pools }),
      ...(file.budgets === undefined ? {} : { budgets: compileBudgets(file.budgets) }),
      policies: compilePolicies(file.policies ?? {}),
      roles: { ...options.roles, ...file.roles },
    },
    profiles,
    pools: new Map(Object.entries(pools ?? {})),
    workers: compileWorkers(file.workers ?? {}, profiles),
    bus: compileBus(file.bus ?? {}),
  };
}

type LaneFile = NonNullable<ConfigFile['lanes']>[string];
type GateFile = NonNullable<ConfigFile['gates']>[string];
type PoolFile = NonNullable<ConfigFile['pools']>[string];
type PoliciesFile = NonNullable<ConfigFile['policies']>;

function compileLanes(lanes: Readonly<Record<string, LaneFile>>, folder: string): Record<string, BoardLane> {
  const named = Object.keys(lanes).length === 0 ? { [defaults.lane]: {} } : lanes;
  return mapValues(named, (lane: LaneFile, name) => ({
    home: resolveHome(lane.home ?? '.', folder),
    base: lane.base ?? defaults.base,
    branch: lane.branch ?? defaults.branch(name),
    gates: [...new Set(lane.gates ?? [])],
  }));
}

function compileGate(gate: GateFile, name: string): Gate {
  if (typeof gate === 'string') return { name, run: gate, timeout_ms: defaults.gateTimeoutMs };
  return { name, run: gate.run, timeout_ms: msOr(gate.timeout, defaults.gateTimeoutMs) };
}

/** What the board enforces of a profile. */
function compileCaps({ max_concurrency, weight, budget }: ProfileFile): BoardProfile {
  return {
    ...(max_concurrency === undefined ? {} : { max_concurrency }),
    ...(weight === undefined ? {} : { weight }),
    ...(budget === undefined ? {} : { budget: compileBudget(budget) }),
  };
}

function compilePool({ profiles, strategy }: PoolFile): BoardPool {
  return { strategy: strategy ?? defaults.strategy, profiles: [...new Set(profiles)] };
}

function compilePolicies(file: PoliciesFile): Policies {
  const { backoff, backoff_max, lease, stale_after, stale_grace, dead_letter_after, ...plain } = file;
  const base = defaults.policies;
  return {
    ...base,
    ...plain,
    backoff_ms: msOr(backoff, base.backoff_ms),
    backoff_max_ms: msOr(backoff_max, base.backoff_max_ms),
    lease_ms: msOr(lease, base.lease_ms),
    stale_after_ms: msOr(stale_after, base.stale_after_ms),
    stale_grace_ms: msOr(stale_grace, base.stale_grace_ms),
    // Only where it is said: a journal of an older format cannot hold it.
    ...(dead_letter_after === undefined ? {} : { dead_letter_after_ms: msOr(dead_letter_after, 0) }),
  };
}

function compileWorkers(
  file: NonNullable<ConfigFile['workers']>,
  profiles: ReadonlyMap<string, CompiledProfile>,
): WorkersConfig {
  const { pool } = file;
  const profile = file.profile ?? (pool === undefined ? profiles.keys().next().value : undefined);
  const stop = file.stop === undefined ? undefined : compileStop(file.stop);
  return {
    count: file.count ?? defaults.workers,
    mode: file.mode ?? defaults.mode,
    ...(pool === undefined ? {} : { pool }),
    ...(stop === undefined ? {} : { stop }),
    labels: file.labels ?? [],
    checkpointMs: msOr(file.checkpoint, defaults.checkpointMs),
    ...(profile === undefined ? {} : { profile }),
  };
}

function compileBus(file: NonNullable<ConfigFile['bus']>): BusLimits {
  const bytes = file.output_max_bytes === undefined ? undefined : parseBytes(file.output_max_bytes);
  const ageMs = file.output_max_age === undefined ? undefined : parseDuration(file.output_max_age);
  return {
    ...(bytes === undefined ? {} : { outputMaxBytes: bytes }),
    ...(ageMs === undefined ? {} : { outputMaxAgeMs: ageMs }),
  };
}

function mapValues<V, R>(
  values: Readonly<Record<string, V>>,
  convert: (value: V, key: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, convert(value, key)]));
}
