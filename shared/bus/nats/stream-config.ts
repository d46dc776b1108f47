/**
 * The server's stream configuration from a `StreamSpec`, and what of a standing one has drifted from it. Pure.
 * Only fields of the spec are compared and changed; whatever else an operator or the server set stays.
 */
import type { StreamSpec } from '../port.ts';

/** As the server's API has it: sizes in bytes, times in nanoseconds, -1 or 0 for no limit. */
export type StreamConfig = Readonly<Record<string, unknown>>;

const NANOS_PER_MS = 1_000_000;

/** For creating: limits retention, the oldest go first, one replica. */
export function configOf(spec: StreamSpec): StreamConfig {
  return {
    name: spec.name,
    retention: 'limits',
    discard: 'old',
    num_replicas: 1,
    ...wanted(spec),
    ...(spec.duplicateWindowMs === undefined
      ? {}
      : { duplicate_window: spec.duplicateWindowMs * NANOS_PER_MS }),
  };
}

/** The standing configuration brought to the spec; undefined when it is there already. */
export function driftOf(spec: StreamSpec, standing: StreamConfig): StreamConfig | undefined {
  const target = { ...wanted(spec), ...duplicateWindow(spec, standing) };
  const drifted = Object.entries(target).filter(([key, value]) => !same(key, value, standing[key]));
  return drifted.length === 0 ? undefined : { ...standing, ...Object.fromEntries(drifted) };
}

function wanted(spec: StreamSpec): StreamConfig {
  return {
    subjects: spec.subjects,
    storage: spec.storage,
    max_msgs_per_subject: spec.maxPerSubject ?? -1,
    max_age: (spec.maxAgeMs ?? 0) * NANOS_PER_MS,
    max_bytes: spec.maxBytes ?? -1,
    no_ack: spec.noAck ?? false,
    allow_direct: spec.allowDirect ?? false,
    republish:
      spec.republish === undefined ? undefined : { src: spec.republish.from, dest: spec.republish.to },
  };
}

/** Absent it is the server's to choose, but one longer than the messages' age would be refused. */
function duplicateWindow(spec: StreamSpec, standing: StreamConfig): StreamConfig {
  if (spec.duplicateWindowMs !== undefined)
    return { duplicate_window: spec.duplicateWindowMs * NANOS_PER_MS };
  const now = standing['duplicate_window'];
  const ageNanos = (spec.maxAgeMs ?? 0) * NANOS_PER_MS;
  return typeof now === 'number' && ageNanos > 0 && now > ageNanos ? { duplicate_window: ageNanos } : {};
}

function same(key: string, wantedValue: unknown, standingValue: unknown): boolean {
  switch (key) {
    case 'subjects':
      return sorted(wantedValue) === sorted(standingValue);
    case 'republish':
      return republishKey(wantedValue) === republishKey(standingValue);
    default:
      // Servers leave out what is false.
      return wantedValue === (standingValue ?? (wantedValue === false ? false : undefined));
  }
}

function sorted(subjects: unknown): string {
  return Array.isArray(subjects) ? JSON.stringify([...subjects].sort()) : '';
}

function republishKey(value: unknown): string {
  const { src, dest } = (value ?? {}) as { src?: string; dest?: string };
  return JSON.stringify([src, dest]);
}
