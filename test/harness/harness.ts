/**
 * What the suite must know of one real coding agent: where it comes from, how it is started on a task, the names of its
 * tools, and where it says what it used. One file each beside this one.
 */
import type { CommandProfile } from '../../shared/harness/command.ts';
import type { ReportedUsage, ToolTurn } from '../support/model-endpoint/script.ts';
import type { Package } from './install.ts';

/** What a program is started with. */
export interface Place {
  readonly program: string;
  /** A folder of this run's own: HOME, and the only place for the program's configuration. */
  readonly home: string;
  /** `http://127.0.0.1:PORT` of the model. */
  readonly endpoint: string;
}

export interface Harness {
  readonly name: string;
  readonly package: Package;
  /** Writes the program's configuration into its home. The prompt goes in by standard input. */
  profile(place: Place): Pick<CommandProfile, 'command' | 'set'>;
  readonly tools: {
    /** Calls of its own tools: a file in its worktree, a line of shell. */
    write(file: string, content: string): ToolTurn;
    shell(command: string): ToolTurn;
    /** A call of a tool of the MCP server `waggle`; absent where the program speaks no MCP. */
    mcp?(tool: string, args: Readonly<Record<string, unknown>>): ToolTurn;
  };
  /** What all its turns used, as its own output says. */
  usage(events: readonly Printed[]): ReportedUsage;
}

/** A line of its output that is JSON. */
// biome-ignore lint/suspicious/noExplicitAny: each program has events of its own
export type Printed = any;

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
