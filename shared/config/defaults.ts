/**
 * The defaults of `waggle.yaml`, in one place. Times in milliseconds.
 */
import type { Policies } from '../../schemas/index.ts';

const policies: Policies = {
  max_attempts: 3,
  max_losses: 3,
  max_conflicts: 3,
  backoff_ms: 5_000,
  backoff_max_ms: 300_000,
  lease_ms: 30_000,
  stale_after_ms: 2_700_000,
  stale_grace_ms: 300_000,
  paths: 'serialise',
  max_heavy: 1,
  weights: {},
};

export const defaults = {
  lane: 'main',
  base: 'HEAD',
  branch: (lane: string) => `waggle/${lane}`,
  gateTimeoutMs: 600_000,
  profile: {
    prompt: 'file',
    rights: 'edit',
    startMs: 60_000,
    timeoutMs: 3_600_000,
    silenceMs: 900_000,
    graceMs: 10_000,
  },
  strategy: 'round_robin',
  mode: 'single-task',
  stop: { every: 1, when: 'before', decision: 'stop', timeoutMs: 30_000, onInvalid: 'continue' },
  workers: 1,
  checkpointMs: 60_000,
  policies,
} as const;
