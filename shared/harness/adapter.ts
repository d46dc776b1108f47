/**
 * What an adapter says of one harness: how it is started, afresh or in an earlier conversation, what it can do, and what
 * its output means. Adapters are pure: they build command lines and read lines of text, and start nothing themselves.
 */
import type { HarnessName, PromptMode, Quota, Usage } from '../../schemas/index.ts';
import type { HarnessProfile } from './profile.ts';

/** What a harness can do; `waggle harness ls` prints it. */
export interface HarnessCapabilities {
  /** Takes a prompt, works, and ends by itself. */
  readonly oneShot: boolean;
  /** Goes on in the conversation of an earlier process. */
  readonly resumable: boolean;
  /** `resume`: a word reaches a run under way by interrupting it and going on in its conversation. */
  readonly steer: 'resume' | 'none';
  /** Prints events that a program can read. */
  readonly events: boolean;
  /** Tells what it used: nothing, tokens, or cost too. */
  readonly usage: 'none' | 'tokens' | 'cost';
  /** Can ask for leave before it acts; nobody is there to give it, so it is started without. */
  readonly approvals: boolean;
  readonly mcp: boolean;
  /** Can take one task after another in one process: it has a shell, or MCP, to ask for them. */
  readonly continuous: boolean;
  /** How a prompt can go in, best first. */
  readonly prompts: readonly PromptMode[];
}

/** Where a process of a run starts, and what it is told of. */
export interface StartPlace {
  /** The prompt as a file, and the same as text. */
  readonly promptFile: string;
  readonly promptText: string;
  readonly worktree: string;
  /** Folder of the run's own files, outside the worktree. */
  readonly records: string;
  readonly taskId: string;
  readonly run: string;
  readonly agent: string;
  readonly project: string;
  /** The command line of `waggle` itself; `mcp` behind it is the server of tools. Absent: it cannot be named. */
  readonly waggle?: readonly [string, ...string[]];
}

/** How one process is started. */
export interface Invocation {
  readonly argv: readonly string[];
  /** Standard input is that file; absent: it is empty. */
  readonly stdin?: { readonly file: string };
  /** Besides what the profile sets, which wins. */
  readonly env: Readonly<Record<string, string>>;
  /** Written before the start, mode 0600; paths lie in `records`. */
  readonly files?: readonly { readonly path: string; readonly text: string }[];
}

/** What a line of output means. Times in milliseconds, `At` since the epoch. */
export type HarnessEvent =
  /** Its first sign of life, with its name for the conversation. `isHeard`: that holds what this process was told. */
  | { readonly kind: 'session'; readonly id?: string; readonly model?: string; readonly isHeard?: boolean }
  /** Words of the model. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool'; readonly name: string; readonly detail?: string }
  /** All that this process has used so far. */
  | { readonly kind: 'usage'; readonly usage: Usage }
  /** `willRetry`: the harness goes on trying by itself. */
  | {
      readonly kind: 'rate_limit';
      readonly message: string;
      readonly willRetry: boolean;
      readonly retryAfterMs?: number;
      readonly resetsAt?: number;
    }
  | { readonly kind: 'auth'; readonly message: string; readonly willRetry: boolean }
  | { readonly kind: 'error'; readonly message: string; readonly willRetry: boolean }
  | { readonly kind: 'quota'; readonly quota: Quota }
  /** Its turn is over, by its own word; `text`: its last message. */
  | { readonly kind: 'end'; readonly isError: boolean; readonly text?: string };

/** Reads the standard output of one process, line by line; remembers what it must. Never throws. */
export interface StreamReader {
  push(line: string): readonly HarnessEvent[];
  /** The same of a line that is no JSON, on standard error too. Absent: such lines tell nothing. */
  plain?(line: string): readonly HarnessEvent[];
}

export interface Adapter {
  readonly name: HarnessName;
  /** The usual name of its program; absent for `command`. */
  readonly program?: string;
  readonly capabilities: HarnessCapabilities;
  /** Names of its provider's variables, let through to it. */
  readonly env: readonly string[];
  /** Errors: `start-failed` when the prompt cannot be handed over in the profile's way. */
  fresh(profile: HarnessProfile, place: StartPlace): Invocation;
  /** The same in an earlier conversation; the prompt is what is said next. Absent: it cannot. */
  readonly resumed?: (profile: HarnessProfile, place: StartPlace, session: string) => Invocation;
  /** Absent: its output is only text. */
  readonly reader?: () => StreamReader;
}
