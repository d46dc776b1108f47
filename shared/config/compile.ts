/**
 * From `waggle.yaml` as a person wrote it to what the services use: every default filled in, durations in
 * milliseconds, paths absolute. Pure; takes a file that has passed all checks.
 */
import type { BoardConfig, BoardLane, ConfigFile, Gate, Policies, Role } from '../../schemas/index.ts';
import { parseBytes } from './bytes.ts';
import { defaults } from './defaults.ts';
import { parseDuration } from './durations.ts';
import { resolveHome } from './lane-home.ts';

/** How a worker runs its harness. Times in milliseconds; `env` names variables to pass on, `set` adds some. */
export interface Profile {
  readonly harness: 'command';
  readonly command: readonly string[];
  readonly prompt: 'file' | 'stdin' | 'argument';
  readonly env: readonly string[];
  readonly set: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly silenceMs: number;
  readonly graceMs: number;
  /** How many may run at once on all machines together; absent: no cap. */
  readonly maxConcurrency?: number;
}

/** The workers that `waggle up` starts. `profile`: the named one, else the first; absent when there is none. */
export interface WorkersConfig {
  readonly count: number;
  readonly profile?: string;
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
  readonly profiles: ReadonlyMap<string, Profile>;
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
    Object.entries(file.profiles ?? {}).map(([name, profile]) => [name, compileProfile(profile)]),
  );
  return {
    project: file.project,
    board: {
      lanes: compileLanes(file.lanes ?? {}, options.folder),
      gates: mapValues(file.gates ?? {}, compileGate),
      profiles: mapValues(file.profiles ?? {}, ({ max_concurrency }) =>
        max_concurrency === undefined ? {} : { max_concurrency },
      ),
      policies: compilePolicies(file.policies ?? {}),
      roles: { ...options.roles, ...file.roles },
    },
    profiles,
    workers: compileWorkers(file.workers ?? {}, profiles),
    bus: compileBus(file.bus ?? {}),
  };
}

type LaneFile = NonNullable<ConfigFile['lanes']>[string];
type GateFile = NonNullable<ConfigFile['gates']>[string];
type ProfileFile = NonNullable<ConfigFile['profiles']>[string];
type PoliciesFile = NonNullable<ConfigFile['policies']>;
type DurationText = string | number | undefined;

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

function compileProfile(profile: ProfileFile): Profile {
  return {
    harness: profile.harness ?? 'command',
    command: profile.command,
    prompt: profile.prompt ?? defaults.profile.prompt,
    env: profile.env ?? [],
    set: profile.set ?? {},
    timeoutMs: msOr(profile.timeout, defaults.profile.timeoutMs),
    silenceMs: msOr(profile.silence, defaults.profile.silenceMs),
    graceMs: msOr(profile.grace, defaults.profile.graceMs),
    ...(profile.max_concurrency === undefined ? {} : { maxConcurrency: profile.max_concurrency }),
  };
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
  profiles: ReadonlyMap<string, Profile>,
): WorkersConfig {
  const profile = file.profile ?? profiles.keys().next().value;
  return {
    count: file.count ?? defaults.workers,
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

function msOr(duration: DurationText, fallbackMs: number): number {
  return duration === undefined ? fallbackMs : (parseDuration(duration) ?? fallbackMs);
}

function mapValues<V, R>(
  values: Readonly<Record<string, V>>,
  convert: (value: V, key: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, convert(value, key)]));
}
