/**
 * Help for people, made from the command table. Pure.
 */
import type { CommandRow } from './command-row.ts';

/** Of the program. */
export function programHelp(rows: readonly CommandRow[]): string {
  return `Mail between agents: topics for everybody, @names for one.

Usage:
  fmail [command]

Available Commands:
${columns([...rows.map(({ name, summary }) => [name, summary] as const), ['help', 'Help about any command'] as const].toSorted(byFirst))}

Flags:
  -h, --help         Help for fmail
      --robot-help   Machine-readable help
  -v, --version      Version of fmail

FMAIL_AGENT is your name.
Use "fmail [command] --help" for more about a command.
`;
}

/** Of one command. */
export function commandHelp(row: CommandRow): string {
  const { name, aliases = [], summary, flags = [], examples } = row;
  const args = row.arguments ?? [];
  const lines = flags.map(
    ({ name: long, short, value, summary: about }) =>
      [
        `${short === undefined ? '   ' : `-${short},`} --${long}${value === undefined ? '' : ` ${value}`}`,
        about,
      ] as const,
  );
  const sections = [
    `Usage:\n  ${usageOf(row)}`,
    ...(aliases.length === 0 ? [] : [`Aliases:\n  ${[name, ...aliases].join(', ')}`]),
    ...(args.length === 0 ? [] : [`Arguments:\n${columns(args.map((one) => [one.name, one.summary]))}`]),
    `Flags:\n${columns([...lines, ['-h, --help', `Help for ${name}`]])}`,
    ...(examples.length === 0 ? [] : [`Examples:\n${examples.map((one) => `  ${one}`).join('\n')}`]),
  ];
  return `${summary}\n\n${sections.join('\n\n')}\n`;
}

/** `fmail send <topic|@agent> [message] [flags]`. */
export function usageOf({ name, arguments: args = [], flags = [] }: CommandRow): string {
  const words = args.map(({ name: word, isRequired }) => (isRequired === true ? `<${word}>` : `[${word}]`));
  return ['fmail', name, ...words, ...(flags.length === 0 ? [] : ['[flags]'])].join(' ');
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}   ${second}`).join('\n');
}

const byFirst = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1);
