/**
 * The compiled configuration as lines `key value source`: each says whether the file set it, and where, or
 * whether it is a default. Pure.
 */
import type { CompiledConfig } from '../../shared/config/compile.ts';
import { formatDuration } from '../../shared/config/durations.ts';
import type { SourceText } from '../../shared/config/source-text.ts';
import {
  budgetsFields,
  type Field,
  listed,
  poolFields,
  profileFields,
  workersFields,
} from './config-fields.ts';

export interface ConfigLine {
  /** As in waggle.yaml: `policies.stale_after`. */
  readonly key: string;
  readonly value: string;
  /** Line of the file; absent for a default. */
  readonly line?: number;
}

/** The lines, in the order of a waggle.yaml. What is neither set nor has a default is left out. */
export function configLines(config: CompiledConfig, source: SourceText): ConfigLine[] {
  return fieldsOf(config).flatMap(([path, value]) => {
    if (value === undefined) return [];
    const line = isSet(source.value, path) ? source.lineOf(path) : undefined;
    return [{ key: path.join('.'), value: String(value), ...(line === undefined ? {} : { line }) }];
  });
}

function fieldsOf({ project, board, profiles, workers, bus }: CompiledConfig): Field[] {
  const fields: Field[] = [[['project'], project]];
  for (const [name, lane] of Object.entries(board.lanes)) {
    const at = ['lanes', name];
    fields.push([[...at, 'home'], lane.home], [[...at, 'base'], lane.base], [[...at, 'branch'], lane.branch]);
    fields.push([[...at, 'gates'], listed(lane.gates)]);
  }
  for (const [name, { run, timeout_ms }] of Object.entries(board.gates)) {
    fields.push([['gates', name, 'run'], typeof run === 'string' ? run : JSON.stringify(run)]);
    fields.push([['gates', name, 'timeout'], formatDuration(timeout_ms)]);
  }
  for (const [name, profile] of profiles) fields.push(...profileFields(name, profile, board.profiles[name]));
  fields.push(
    ...poolFields(board.pools ?? {}),
    ...budgetsFields(board.budgets ?? {}),
    ...workersFields(workers),
  );
  for (const [key, value] of Object.entries(board.policies)) {
    const isTime = key.endsWith('_ms');
    const shown = typeof value === 'object' ? JSON.stringify(value) : value;
    fields.push([['policies', key.replace(/_ms$/, '')], isTime ? formatDuration(Number(value)) : shown]);
  }
  for (const [name, role] of Object.entries(board.roles)) fields.push([['roles', name], role]);
  fields.push([['bus', 'output_max_bytes'], bus.outputMaxBytes]);
  const age = bus.outputMaxAgeMs;
  fields.push([['bus', 'output_max_age'], age === undefined ? undefined : formatDuration(age)]);
  return fields;
}

/** A gate may be written as its command alone. */
function isSet(value: unknown, path: readonly string[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return value !== undefined;
  if (typeof value === 'string') return key === 'run';
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, key) && isSet((value as Record<string, unknown>)[key], rest);
}
