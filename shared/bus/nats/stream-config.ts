/**
 * The server's stream configuration from a `StreamSpec`, and what of a standing one has drifted from it. Pure.
 * Only fields of the spec are compared and changed; whatever else an operator or the server set stays.
 */
import {
  DiscardPolicy,
  type Republish,
  RetentionPolicy,
  type StreamConfig,
  type StreamUpdateConfig,
} from '@nats-io/jetstream';
import { nanos } from 'nats';
import type { StreamSpec } from '../port.ts';

/** For creating: limits retention, the oldest go first, one replica. */
export function configOf(spec: StreamSpec): Partial<StreamConfig> & { name: string } {
  return {
    name: spec.name,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    num_replicas: 1,
    ...wanted(spec),
    ...(spec.duplicateWindowMs === undefined ? {} : { duplicate_window: nanos(spec.duplicateWindowMs) }),
  };
}

/**
 * The fields that bring the standing configuration to the spec, with undefined for one that must go. Undefined
 * when it is there already.
 */
export function driftOf(spec: StreamSpec, standing: StreamConfig): Partial<StreamUpdateConfig> | undefined {
  const target = { republish: undefined, ...wanted(spec), ...duplicateWindow(spec, standing) };
  const drifted = Object.entries(target).filter(
    ([key, value]) => !isSame(key, value, standing[key as keyof StreamConfig]),
  );
  return drifted.length === 0 ? undefined : Object.fromEntries(drifted);
}

function wanted(spec: StreamSpec): Partial<StreamConfig> {
  return {
    subjects: [...spec.subjects],
    storage: spec.storage,
    max_msgs_per_subject: spec.maxPerSubject ?? -1,
    max_age: nanos(spec.maxAgeMs ?? 0),
    max_bytes: spec.maxBytes ?? -1,
    no_ack: spec.noAck ?? false,
    allow_direct: spec.allowDirect ?? false,
    ...(spec.republish === undefined
      ? {}
      : { republish: { src: spec.republish.from, dest: spec.republish.to } }),
  };
}

/** Absent it is the server's to choose, but one longer than the messages' age would be refused. */
function duplicateWindow(spec: StreamSpec, standing: StreamConfig): Partial<StreamConfig> {
  if (spec.duplicateWindowMs !== undefined) return { duplicate_window: nanos(spec.duplicateWindowMs) };
  const ageNanos = nanos(spec.maxAgeMs ?? 0);
  return ageNanos > 0 && standing.duplicate_window > ageNanos ? { duplicate_window: ageNanos } : {};
}

function isSame(key: string, wantedValue: unknown, standingValue: unknown): boolean {
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
  const { src, dest } = (value ?? {}) as Partial<Republish>;
  return JSON.stringify([src, dest]);
}
