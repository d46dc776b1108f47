/**
 * What a harness sees of the world: allowed names of the worker's environment, what its adapter and its profile set, and
 * the run's identity, which nothing overrides.
 */
import type { Adapter, Invocation } from './adapter.ts';
import { allowedEnvironment, type Environment } from './environment.ts';
import type { HarnessProfile } from './profile.ts';
import { DEFAULT_PATH } from './program-path.ts';

/** Whose run it is. */
export interface RunIdentity {
  readonly project: string;
  readonly taskId: string;
  readonly fence: number;
  readonly run: string;
  readonly agent: string;
  readonly socket?: string;
}

/** Names of the variables by which a harness, and what it starts, knows its run. */
export const RUN_VARIABLES: readonly string[] = [
  'WAGGLE_SOCKET',
  'WAGGLE_PROJECT',
  'WAGGLE_TASK',
  'WAGGLE_FENCE',
  'WAGGLE_RUN',
  'FMAIL_AGENT',
  'FMAIL_PROJECT',
];

/** `path`: a folder that is searched for programs before all others. */
export function runEnvironment(
  profile: Pick<HarnessProfile, 'env' | 'set'>,
  { env: known }: Pick<Adapter, 'env'>,
  { env: set }: Pick<Invocation, 'env'>,
  identity: RunIdentity & { readonly path?: string },
  environment: Environment,
): Record<string, string> {
  const merged: Record<string, string> = {
    ...allowedEnvironment(environment, [...known, ...profile.env]),
    ...set,
    ...profile.set,
    WAGGLE_PROJECT: identity.project,
    WAGGLE_TASK: identity.taskId,
    WAGGLE_FENCE: String(identity.fence),
    WAGGLE_RUN: identity.run,
    FMAIL_AGENT: identity.agent,
    FMAIL_PROJECT: identity.project,
    ...(identity.socket === undefined ? {} : { WAGGLE_SOCKET: identity.socket }),
  };
  if (identity.path === undefined) return merged;
  return { ...merged, PATH: `${identity.path}:${merged['PATH'] || DEFAULT_PATH}` };
}
