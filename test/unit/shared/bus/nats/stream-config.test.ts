import type { StreamConfig } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { configOf, driftOf } from '../../../../../shared/bus/nats/stream-config.ts';
import type { StreamSpec } from '../../../../../shared/bus/port.ts';

const bare: StreamSpec = { name: 'S', subjects: ['a.>'], storage: 'file' };
const rich: StreamSpec = {
  name: 'S',
  subjects: ['a.>', 'b'],
  storage: 'memory',
  maxPerSubject: 1,
  maxAgeMs: 60_000,
  noAck: true,
  allowDirect: true,
  duplicateWindowMs: 2_000,
};
const full: StreamSpec = { ...rich, maxBytes: 1_000, republish: { from: 'a.>', to: 'live.a.>' } };

/** As a server tells of it: with what it filled in, and without what is false. */
function standing(spec: StreamSpec, more: Partial<StreamConfig> = {}): StreamConfig {
  const created = { max_consumers: -1, duplicate_window: 120_000_000_000, ...configOf(spec), ...more };
  return Object.fromEntries(Object.entries(created).filter(([, value]) => value !== false)) as StreamConfig;
}

describe('the configuration of a new stream', () => {
  it('says every limit, in nanoseconds and bytes', () => {
    expect(configOf(full)).toEqual({
      name: 'S',
      subjects: ['a.>', 'b'],
      storage: 'memory',
      retention: 'limits',
      discard: 'old',
      num_replicas: 1,
      max_msgs_per_subject: 1,
      max_age: 60_000_000_000,
      max_bytes: 1_000,
      no_ack: true,
      allow_direct: true,
      duplicate_window: 2_000_000_000,
      republish: { src: 'a.>', dest: 'live.a.>' },
    });
  });

  it('is without limits where the spec names none, and leaves the duplicate window to the server', () => {
    const config = configOf(bare);
    expect(config).toMatchObject({ max_msgs_per_subject: -1, max_age: 0, max_bytes: -1, no_ack: false });
    expect(config).not.toHaveProperty('duplicate_window');
    expect(config).not.toHaveProperty('republish');
  });
});

describe('the drift of a standing stream', () => {
  it('is none where the server only filled in, left out what is false, or orders subjects otherwise', () => {
    expect(driftOf(bare, standing(bare))).toBeUndefined();
    expect(driftOf(full, standing(full))).toBeUndefined();
    expect(driftOf({ ...full, subjects: ['b', 'a.>'] }, standing(full))).toBeUndefined();
  });

  it('names the fields to change and no other, so that what an operator set stays', () => {
    const byOperator = standing(bare, { num_replicas: 3, max_msg_size: 10, description: 'ours' });
    expect(driftOf(bare, byOperator)).toBeUndefined();
    expect(driftOf({ ...bare, maxPerSubject: 5, noAck: true }, byOperator)).toEqual({
      max_msgs_per_subject: 5,
      no_ack: true,
    });
  });

  it('takes away what the spec no longer has', () => {
    expect(driftOf(rich, standing(full))).toStrictEqual({ republish: undefined, max_bytes: -1 });
  });

  it('asks for what a server refuses rather than hide it', () => {
    expect(driftOf({ ...bare, storage: 'memory' }, standing(bare))).toEqual({ storage: 'memory' });
  });

  it('shortens a duplicate window of the server that exceeds the age of the messages', () => {
    expect(driftOf({ ...bare, maxAgeMs: 1_000 }, standing(bare))).toEqual({
      max_age: 1_000_000_000,
      duplicate_window: 1_000_000_000,
    });
    expect(driftOf({ ...bare, maxAgeMs: 300_000 }, standing(bare))).toEqual({ max_age: 300_000_000_000 });
  });
});
