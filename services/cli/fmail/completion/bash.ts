/**
 * Completion for bash (3.2 and newer). Pure.
 */
import type { CommandRow } from '../command-row.ts';
import { argumentValues, flagValues, HELP, namesOf, questions, type Values } from './values.ts';

/** The script. `source <(fmail completion bash)` loads it. */
export function bashCompletion(rows: readonly CommandRow[]): string {
  const words = [...rows.flatMap(namesOf), HELP.name].join(' ');
  const flags = rows.map((row) => `    ${namesOf(row).join('|')}) echo '${flagWords(row).join(' ')}' ;;`);
  const valued = rows.flatMap((row) =>
    (row.flags ?? []).flatMap((flag) => {
      const { name, short, value } = flag;
      if (value === undefined) return [];
      const spelled = [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
      const cases = namesOf(row).flatMap((command) => spelled.map((one) => `${command}:${one}`));
      return [`    ${cases.join('|')}) ${giving(flagValues(flag))}; return ;;`];
    }),
  );
  const positional = rows.flatMap((row) => {
    const values = (row.arguments ?? []).map(argumentValues).find((one) => one !== undefined);
    return values === undefined ? [] : [`    ${namesOf(row).join('|')}) ${giving(values)} ;;`];
  });
  return `# bash completion for fmail
_fmail_commands() { echo '${words}'; }
_fmail_agents() { ${questions.agents}; }
_fmail_targets() { ${questions.topics}; _fmail_agents; }
_fmail_messages() { ${questions.messages}; }
_fmail_flags() {
  case "$1" in
${flags.join('\n')}
  esac
}
_fmail_give() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }
_fmail() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="" command="" index
  COMPREPLY=()
  [ "$COMP_CWORD" -gt 0 ] && prev="\${COMP_WORDS[COMP_CWORD-1]}"
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in
      -*) ;;
      *) command="\${COMP_WORDS[index]}"; break ;;
    esac
  done
  if [ -z "$command" ]; then
    case "$cur" in
      -*) _fmail_give '--help --robot-help --version' ;;
      *) _fmail_give "$(_fmail_commands)" ;;
    esac
    return
  fi
  # Where @ divides words, what stands behind it is a name.
  if [ "$prev" = @ ]; then
    _fmail_give "$(_fmail_agents | tr -d @)"
    return
  fi
  case "$command:$prev" in
${valued.join('\n')}
  esac
  case "$cur" in
    -*) _fmail_give "$(_fmail_flags "$command")"; return ;;
  esac
  case "$command" in
${positional.join('\n')}
    ${HELP.name}) _fmail_give "$(_fmail_commands)" ;;
  esac
}
complete -F _fmail fmail
`;
}

const flagWords = ({ flags = [] }: CommandRow): string[] => [
  ...flags.map(({ name }) => `--${name}`),
  '--help',
];

function giving(values: Values | undefined): string {
  if (values === undefined) return ':';
  if (values === 'files') return 'COMPREPLY=($(compgen -f -- "$cur"))';
  if (typeof values !== 'string') return `_fmail_give '${values.join(' ')}'`;
  return `_fmail_give "$(_fmail_${values})"`;
}
