/**
 * What a command of `fmail` is: a row of the table in commands.ts, from which the parser, the help, the shell
 * completion and the robot help are made; and what its file exports. Types only, so that the table stays light.
 */
import type { Session } from '../session.ts';
import type { FmailOutput } from './fmail-output.ts';

export interface ArgumentRow {
  /** As the usage line shows it: `topic|@agent`. */
  readonly name: string;
  readonly summary: string;
  readonly isRequired?: true;
  /** All further words belong to it too, joined by spaces. Only for the last argument. */
  readonly isRest?: true;
  /** What the shell can complete it with. */
  readonly completes?: 'target' | 'agent' | 'message' | readonly string[];
}

export interface FlagRow {
  /** `reply-to`. */
  readonly name: string;
  /** `r`. */
  readonly short?: string;
  /** What its value is, in one word: `id`. Absent: a switch. */
  readonly value?: string;
  readonly summary: string;
  /** The values that it can have. */
  readonly values?: readonly string[];
  /** May be given again; `Flags.list` gives all. */
  readonly isList?: true;
}

export interface CommandRow {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One sentence without a full stop, beginning with a capital. */
  readonly summary: string;
  readonly arguments?: readonly ArgumentRow[];
  /** Without `--help`, which every command has. */
  readonly flags?: readonly FlagRow[];
  readonly examples: readonly string[];
  /** What `--json` prints, where it does: a name in schemas/generated or of shared/mail/desk.ts, and in what form. */
  readonly json?: { readonly shape: string; readonly form: 'object' | 'array' | 'lines' };
  /** The command's file: loaded only when it is asked for. */
  readonly load: () => Promise<CommandFile>;
}

export interface CommandFile {
  readonly run: RunCommand;
}

/** Errors end the command with their exit code; else it is 0. */
export type RunCommand = (call: Call) => Promise<void>;

/** One invocation of a command, parsed. */
export interface Call {
  readonly session: FmailSession;
  /** With `--json` as the flags say. */
  readonly output: FmailOutput;
  /** By position; fewer than the row has where the last ones were not given. */
  readonly args: readonly string[];
  readonly flags: Flags;
  /** The whole table, for the command that is made from it. */
  readonly table: readonly CommandRow[];
}

/** The flags of a row as they were given. Asking for one that the row doesn't have throws. */
export interface Flags {
  has(name: string): boolean;
  /** The last one given. */
  text(name: string): string | undefined;
  /** All that were given, split at commas, without empty ones. */
  list(name: string): readonly string[];
  /** A whole number from 0. Errors: `usage`. */
  count(name: string, fallback: number): number;
  /** Milliseconds. Errors: `usage`. */
  durationMs(name: string, fallback: number): number;
}

export interface FmailSession extends Session {
  /** The name of whoever has no FMAIL_AGENT: `anon-<pid>`. */
  readonly nameless: string;
}
