/**
 * What the suite must know of one real coding agent besides its adapter: where it comes from, what it needs to speak with
 * a model on loopback, the names of its tools, and what it can't do. One file each beside this one.
 */
import type { HarnessName, Rights } from '../../schemas/index.ts';
import type { HarnessProfile } from '../../shared/harness/profile.ts';
import type { ReportedUsage, ToolTurn } from '../support/model-endpoint/script.ts';
import type { Package } from './install.ts';

/** Where a profile of it lives. */
export interface Place {
  /** A folder of this profile's own: HOME, and the only place for the program's configuration. */
  readonly home: string;
  /** `http://127.0.0.1:PORT` of the model. */
  readonly endpoint: string;
}

/** What a profile says beyond what every profile of the suite says. */
export type ProfileFields = Partial<
  Pick<HarnessProfile, 'model' | 'account' | 'args' | 'rights' | 'mcp' | 'set' | 'silenceMs'>
>;

export interface Harness {
  /** As people call it. */
  readonly title: string;
  readonly name: Exclude<HarnessName, 'command'>;
  readonly package: Package;
  /** Writes the program's configuration into its home. It gives up soon when the model refuses it. */
  profile(place: Place): ProfileFields;
  readonly tools: {
    /** Calls of its own tools: a file in its worktree, a line of shell. */
    write(file: string, content: string): ToolTurn;
    shell(command: string): ToolTurn;
    /** A call of a tool of the MCP server `waggle`; absent where the program speaks no MCP. */
    mcp?(tool: string, args: Readonly<Record<string, unknown>>): ToolTurn;
  };
  /** What of `retry-after` it tells whoever reads its output, when it is limited so. */
  readonly limited: {
    readonly retryAfterS: number;
    /** Whether it says how long to wait: else the profile rests as long as it does by default. */
    readonly tells: boolean;
    /** Where it would wait that long itself, its silence ends it. */
    readonly silenceMs?: number;
  };
  /** Longer than it says nothing while it starts, on a busy machine too. */
  readonly stalledMs: number;
  /**
   * What it has told of usage when it is interrupted while a tool runs and goes on: all of it, all of the input, or that
   * of the turns whose tool was not cut off.
   */
  readonly steeredUsage: 'whole' | 'input' | 'steps';
  /** Why it cannot have such rights on this machine; undefined: it can. */
  rightsMissing?(rights: Rights): string | undefined;
}

/** A harness that is installed here. */
export interface Installed {
  readonly harness: Harness;
  readonly program: string;
  readonly version: string;
}

/** A call of a tool that takes an object. */
export const call = (name: string, args: Readonly<Record<string, unknown>>): ToolTurn => ({
  kind: 'tool',
  name,
  arguments: args,
});

/** Adds up. */
export const sumOf = (usages: readonly ReportedUsage[]): ReportedUsage => ({
  input: usages.reduce((sum, { input }) => sum + input, 0),
  output: usages.reduce((sum, { output }) => sum + output, 0),
});

/** Whether this process may do everything on this machine; some programs want no such user. */
export const isRoot = (): boolean => process.getuid?.() === 0;
