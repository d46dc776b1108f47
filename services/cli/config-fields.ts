/**
 * The parts of a compiled configuration that say how agents work, key by key as waggle.yaml names them: profiles,
 * pools, budgets, workers. Pure.
 */
import type { BoardPool, BoardProfile, Budget, Budgets } from '../../schemas/index.ts';
import type { WorkersConfig } from '../../shared/config/compile.ts';
import { formatDuration } from '../../shared/config/durations.ts';
import type { HarnessProfile } from '../../shared/harness/profile.ts';

type StopRules = NonNullable<WorkersConfig['stop']>;

/** A key and what it is set to; undefined: neither set nor with a default. */
export type Field = readonly [path: readonly string[], value: string | number | boolean | undefined];

/** `board`: what the board enforces of it. */
export function profileFields(name: string, profile: HarnessProfile, board: BoardProfile = {}): Field[] {
  const { harness, command, args, env, set } = profile;
  const at = (key: string) => ['profiles', name, key];
  return [
    [at('harness'), harness],
    [at('command'), command.length === 0 ? undefined : JSON.stringify(command)],
    [at('program'), profile.program],
    [at('model'), profile.model],
    [at('account'), profile.account],
    [at('args'), args.length === 0 ? undefined : JSON.stringify(args)],
    [at('rights'), harness === 'command' ? undefined : profile.rights],
    [at('mcp'), profile.mcp],
    [at('template'), profile.template],
    [at('prompt'), profile.prompt],
    [at('env'), listed(env)],
    [at('set'), listed(Object.keys(set))],
    [at('max_concurrency'), profile.maxConcurrency],
    [at('weight'), board.weight],
    ...budgetFields(at('budget'), board.budget),
    [at('start'), duration(profile.startMs)],
    [at('timeout'), duration(profile.timeoutMs)],
    [at('silence'), duration(profile.silenceMs)],
    [at('grace'), duration(profile.graceMs)],
  ];
}

export function poolFields(pools: Readonly<Record<string, BoardPool>>): Field[] {
  return Object.entries(pools).flatMap(([name, { profiles, strategy }]): Field[] => [
    [['pools', name, 'profiles'], listed(profiles)],
    [['pools', name, 'strategy'], strategy],
  ]);
}

const SCOPES = ['run', 'task', 'profile', 'project'] as const;

export function budgetsFields(budgets: Budgets): Field[] {
  return SCOPES.flatMap((scope) => budgetFields(['budgets', scope], budgets[scope]));
}

function budgetFields(at: readonly string[], budget: Budget | undefined): Field[] {
  if (budget === undefined) return [];
  return [
    [[...at, 'tokens'], budget.tokens],
    [[...at, 'cost'], budget.cost_usd],
    [[...at, 'duration'], duration(budget.duration_ms)],
    [[...at, 'per'], budget.per],
  ];
}

export function workersFields({
  count,
  profile,
  pool,
  mode,
  stop = {},
  labels,
  checkpointMs,
}: WorkersConfig): Field[] {
  const at = (key: string) => ['workers', key];
  return [
    [at('count'), count],
    [at('profile'), profile],
    [at('pool'), pool],
    [at('mode'), mode],
    ...stopFields(stop),
    [at('labels'), listed(labels)],
    [at('checkpoint'), duration(checkpointMs)],
  ];
}

function stopFields({ quantitative, qualitative }: StopRules): Field[] {
  const at = (rule: string, key: string) => ['workers', 'stop', rule, key];
  const first = quantitative === undefined ? [] : quantitativeFields(quantitative, at);
  if (qualitative === undefined) return first;
  const { every, prompt, onInvalid } = qualitative;
  return [
    ...first,
    [at('qualitative', 'every'), every],
    [at('qualitative', 'prompt'), prompt],
    [at('qualitative', 'on_invalid'), onInvalid],
  ];
}

function quantitativeFields(
  rule: NonNullable<StopRules['quantitative']>,
  keyOf: (rule: string, key: string) => readonly string[],
): Field[] {
  const at = (key: string) => keyOf('quantitative', key);
  return [
    [at('run'), typeof rule.run === 'string' ? rule.run : JSON.stringify(rule.run)],
    [at('every'), rule.every],
    [at('when'), rule.when],
    [at('exit_codes'), rule.exitCodes?.join(', ')],
    [at('invert'), rule.invert],
    [at('stdout'), rule.stdout],
    [at('stderr'), rule.stderr],
    [at('stdout_matches'), patternText(rule.stdoutMatches)],
    [at('stderr_matches'), patternText(rule.stderrMatches)],
    [at('decision'), rule.decision],
    [at('timeout'), duration(rule.timeoutMs)],
  ];
}

/** For JSON, which knows no regular expressions. */
export function plainWorkers({ stop, ...workers }: WorkersConfig): object {
  if (stop?.quantitative === undefined) return { ...workers, ...(stop === undefined ? {} : { stop }) };
  const { stdoutMatches, stderrMatches, ...rule } = stop.quantitative;
  const quantitative = {
    ...rule,
    ...(stdoutMatches === undefined ? {} : { stdoutMatches: patternText(stdoutMatches) }),
    ...(stderrMatches === undefined ? {} : { stderrMatches: patternText(stderrMatches) }),
  };
  return { ...workers, stop: { ...stop, quantitative } };
}

const patternText = (pattern: string | RegExp | undefined): string | undefined =>
  typeof pattern === 'object' ? pattern.source : pattern;

const duration = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : formatDuration(ms);

/** A list on one line. */
export const listed = (words: readonly string[]): string => (words.length === 0 ? 'none' : words.join(', '));
