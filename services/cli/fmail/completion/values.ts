/**
 * What can stand where, for the completion scripts, and how a shell asks for what only the project knows. Pure.
 */
import type { ArgumentRow, CommandRow, FlagRow } from '../command-row.ts';

/** A list of words, or what a function of the script gives. */
export type Words = readonly string[] | 'targets' | 'agents' | 'messages';
export type Values = Words | 'files';

/** Undefined where the shell cannot know. */
export function flagValues({ value, values }: FlagRow): Values | undefined {
  if (values !== undefined) return values;
  if (value === 'file') return 'files';
  if (value === 'agent') return 'agents';
  return value === 'id' ? 'messages' : undefined;
}

export function argumentValues({ completes }: ArgumentRow): Words | undefined {
  if (completes === 'target') return 'targets';
  if (completes === 'agent') return 'agents';
  return completes === 'message' ? 'messages' : completes;
}

/** The name and aliases of a command. */
export const namesOf = ({ name, aliases = [] }: CommandRow): readonly string[] => [name, ...aliases];

/** Commands that print words, one a line, in any shell; silent where no project answers. */
export const questions = {
  topics: `fmail topics 2>/dev/null | awk 'NR > 1 { print $1 }'`,
  agents: `fmail who 2>/dev/null | awk 'NR > 1 { print "@" $1 }'`,
  // In another name, for listing somebody's mail delivers it. Further lines of a body are no ids.
  messages: `env FMAIL_AGENT=completion fmail messages -n 20 2>/dev/null | awk '/^[0-9]+-[0-9]+-[0-9]+ / { print $1 }'`,
} as const;

/** `help` is no row of the table: its argument is one. */
export const HELP = { name: 'help', summary: 'Help about any command' } as const;
