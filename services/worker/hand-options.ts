/**
 * What the hands of real runs work with: folders, mirrors, process groups.
 */
import type { GroupRecords } from './group-records.ts';
import type { MirrorDesk } from './mirror-desk.ts';
import type { RunOptions } from './run-context.ts';
import type { StopRules } from './stop-rules.ts';

export interface HandOptions extends RunOptions {
  readonly stateDir: string;
  /** `.waggle/prompts` of the project. */
  readonly promptsFolder: string;
  /** The command line of `waggle` itself, and a folder with `waggle` and `fmail` for the harness's PATH. */
  readonly waggle?: readonly [string, ...string[]];
  readonly commandFolder?: string;
  readonly groups: GroupRecords;
  readonly mirrors: MirrorDesk;
  readonly rules: StopRules;
}
