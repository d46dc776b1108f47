/**
 * A profile from the words of `waggle.yaml` to what a worker runs. Pure; paths start from the file's folder.
 */
import type { ConfigFile } from '../../schemas/index.ts';
import type { HarnessProfile } from '../harness/profile.ts';
import { defaults } from './defaults.ts';
import { msOr } from './durations.ts';
import { isAtHome } from './home-path.ts';
import { resolvePath } from './lane-home.ts';

export type ProfileFile = NonNullable<ConfigFile['profiles']>[string];

/** A profile whose limits are all said. */
export type CompiledProfile = HarnessProfile &
  Required<Pick<HarnessProfile, 'startMs' | 'timeoutMs' | 'silenceMs'>>;

/** The compiled form of a checked profile. */
export function compileProfile(file: ProfileFile, folder: string): CompiledProfile {
  const { command, program, model, account, template, max_concurrency } = file;
  const harness = file.harness ?? 'command';
  const isCommand = harness === 'command';
  // Another harness takes its prompt as it likes best.
  const prompt = file.prompt ?? (isCommand ? defaults.profile.prompt : undefined);
  return {
    harness,
    command: command ?? [],
    args: file.args ?? [],
    rights: file.rights ?? defaults.profile.rights,
    env: file.env ?? [],
    set: file.set ?? {},
    startMs: msOr(file.start, defaults.profile.startMs),
    timeoutMs: msOr(file.timeout, defaults.profile.timeoutMs),
    silenceMs: msOr(file.silence, defaults.profile.silenceMs),
    graceMs: msOr(file.grace, defaults.profile.graceMs),
    // A bare name is looked for in PATH.
    ...(program === undefined
      ? {}
      : { program: program.includes('/') ? resolvePath(program, folder) : program }),
    ...(file.mcp === undefined ? {} : { mcp: file.mcp }),
    ...(model === undefined ? {} : { model }),
    // A login lies in its user's home, and each user of the file has one: that is the worker's to expand.
    ...(account === undefined ? {} : { account: isAtHome(account) ? account : resolvePath(account, folder) }),
    ...(template === undefined ? {} : { template }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(max_concurrency === undefined ? {} : { maxConcurrency: max_concurrency }),
  };
}
