/**
 * A profile, compiled: one harness with its model, account, rights and limits. Times in milliseconds, paths absolute.
 */
import type { HarnessName, PromptMode, Rights } from '../../schemas/index.ts';
import type { Limits } from './limits.ts';

export interface HarnessProfile extends Limits {
  readonly harness: HarnessName;
  /**
   * Of the `command` harness alone: an argument vector with places,
   * `{prompt_file} {prompt} {task} {run} {worktree} {agent}`. Empty for the others.
   */
  readonly command: readonly string[];
  /** Name or path of a known harness's program; absent: its usual name. */
  readonly program?: string;
  readonly model?: string;
  /** Folder of the harness's own configuration and login; absent: the user's. */
  readonly account?: string;
  /** Added to the command line of a known harness. */
  readonly args: readonly string[];
  readonly rights: Rights;
  /** Whether the harness gets the MCP server of its run; absent: where it can. */
  readonly mcp?: boolean;
  /** Name of the prompt that teaches it the protocol, or `none`; absent: that of its mode. */
  readonly template?: string;
  /** How the prompt goes in; absent: as the harness likes it best. */
  readonly prompt?: PromptMode;
  /** Names let through from the worker's environment besides the default ones; `NAME_*` for all that begin so. */
  readonly env: readonly string[];
  /** Fixed values. */
  readonly set: Readonly<Record<string, string>>;
  /** How long its first sign of life may take. */
  readonly startMs?: number;
  readonly graceMs: number;
  /** How many may run at once on all machines together; absent: no cap. */
  readonly maxConcurrency?: number;
}

/** A profile of the `command` harness: what isn't given is nothing, or as little as possible. */
export function commandProfile(
  fields: Partial<HarnessProfile> & Pick<HarnessProfile, 'command'>,
): HarnessProfile {
  return {
    harness: 'command',
    args: [],
    rights: 'edit',
    mcp: false,
    env: [],
    set: {},
    graceMs: COMMAND_GRACE_MS,
    ...fields,
  };
}

const COMMAND_GRACE_MS = 500;
