/**
 * Completion for fish. Pure.
 */
import type { CommandRow, FlagRow } from '../command-row.ts';
import { argumentValues, flagValues, HELP, namesOf, questions, type Words } from './values.ts';

/** The script, for a folder of completions. */
export function fishCompletion(rows: readonly CommandRow[]): string {
  const lines = [...rows.flatMap((row) => namesOf(row).map((name) => commandLine(name, row.summary)))];
  const details = rows.flatMap((row) => {
    const seen = `-n '__fish_seen_subcommand_from ${namesOf(row).join(' ')}'`;
    const values = (row.arguments ?? []).map(argumentValues).find((one) => one !== undefined);
    return [
      ...(row.flags ?? []).map((flag) => `complete -c fmail ${seen} ${flagWords(flag)}`),
      ...(values === undefined ? [] : [`complete -c fmail ${seen} ${giving(values)}`]),
    ];
  });
  return `# fish completion for fmail
function __fmail_agents
  ${questions.agents}
end
function __fmail_targets
  ${questions.topics}
  __fmail_agents
end
function __fmail_messages
  ${questions.messages}
end
complete -c fmail -f
complete -c fmail -s h -l help -d 'Help'
complete -c fmail -n __fish_use_subcommand -l robot-help -d 'Machine-readable help'
complete -c fmail -n __fish_use_subcommand -s v -l version -d 'Version of fmail'
${[...lines, commandLine(HELP.name, HELP.summary)].join('\n')}
${details.join('\n')}
complete -c fmail -n '__fish_seen_subcommand_from ${HELP.name}' -a '${rows.map(({ name }) => name).join(' ')}'
`;
}

const commandLine = (name: string, summary: string): string =>
  `complete -c fmail -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`;

function flagWords(flag: FlagRow): string {
  const { name, short, value, summary } = flag;
  const spelled = `${short === undefined ? '' : `-s ${short} `}-l ${name}`;
  if (value === undefined) return `${spelled} -d ${quoted(summary)}`;
  const values = flagValues(flag);
  // Exclusive: no files beside what is offered.
  const given = values === 'files' ? '-r -F' : values === undefined ? '-x' : `-x ${giving(values)}`;
  return `${spelled} ${given} -d ${quoted(summary)}`;
}

function giving(values: Words): string {
  return typeof values === 'string' ? `-a '(__fmail_${values})'` : `-a '${values.join(' ')}'`;
}

/** Between single quotes fish reads a backslash before a quote or a backslash. */
const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
