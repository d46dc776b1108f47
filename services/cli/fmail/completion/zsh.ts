/**
 * Completion for zsh. Pure.
 */
import type { ArgumentRow, CommandRow, FlagRow } from '../command-row.ts';
import { argumentValues, flagValues, HELP, namesOf, questions, type Values } from './values.ts';

/** The script: `_fmail` in a folder of `fpath`, or sourced. */
export function zshCompletion(rows: readonly CommandRow[]): string {
  const all = [...rows.flatMap((row) => namesOf(row).map((name) => ({ name, summary: row.summary }))), HELP];
  const described = all.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = rows.map((row) => {
    const words = [...(row.flags ?? []).map(flagSpec), helpSpec, ...(row.arguments ?? []).map(argumentSpec)];
    return `        ${namesOf(row).join('|')})\n          _arguments -s -S \\\n${words.map((word) => `            ${word}`).join(' \\\n')}\n          ;;`;
  });
  return `#compdef fmail
_fmail_commands() {
  local -a known
  known=(
${described.join('\n')}
  )
  _describe -t commands command known
}
_fmail_agents() {
  local -a known
  known=(\${(f)"$(${questions.agents})"})
  compadd -a known
}
_fmail_targets() {
  local -a known
  known=(\${(f)"$(${questions.topics})"})
  compadd -a known
  _fmail_agents
}
_fmail_messages() {
  local -a known
  known=(\${(f)"$(${questions.messages})"})
  compadd -V messages -a known
}
_fmail() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C \\
    '(- *)'{-h,--help}'[Help for fmail]' \\
    '(- *)--robot-help[Machine-readable help]' \\
    '(- *)'{-v,--version}'[Version of fmail]' \\
    '1:command:_fmail_commands' \\
    '*::argument:->argument'
  case "$state" in
    argument)
      case "$words[1]" in
${cases.join('\n')}
        ${HELP.name})
          _arguments '1:command:_fmail_commands'
          ;;
      esac
      ;;
  esac
}
if [ "$funcstack[1]" = _fmail ]; then
  _fmail "$@"
else
  compdef _fmail fmail
fi
`;
}

const helpSpec = `'(- *)'{-h,--help}'[Help]'`;

function flagSpec(flag: FlagRow): string {
  const { name, short, value, summary, isList } = flag;
  const argument = value === undefined ? '' : `:${value}:${action(flagValues(flag))}`;
  const about = escaped(`[${bracketed(summary)}]${argument}`);
  const many = isList === true ? '*' : '';
  if (short === undefined) return `'${many}--${name}${value === undefined ? '' : '='}${about}'`;
  const spelled = `{-${short}${value === undefined ? '' : '+'},--${name}${value === undefined ? '' : '='}}`;
  return isList === true ? `'*'${spelled}'${about}'` : `'(-${short} --${name})'${spelled}'${about}'`;
}

function argumentSpec(row: ArgumentRow, index: number): string {
  const optional = row.isRequired === true ? ':' : '::';
  return `'${index + 1}${optional}${escaped(row.name.replaceAll(':', '\\:'))}:${action(argumentValues(row))}'`;
}

/** In an action, a space would begin a command. */
function action(values: Values | undefined): string {
  if (values === undefined) return ' ';
  if (values === 'files') return '_files';
  return typeof values === 'string' ? `_fmail_${values}` : `(${values.join(' ')})`;
}

const bracketed = (text: string): string => text.replaceAll(/[[\]\\]/g, '\\$&').replaceAll(':', '\\:');
/** As it stands between single quotes. */
const escaped = (text: string): string => text.replaceAll("'", `'\\''`);
const quoted = (text: string): string => `'${escaped(text)}'`;
