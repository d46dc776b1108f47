/**
 * The two shell scripts of the demo, as text: the harness that does one task, and the gate that the committer runs
 * on each change. Pure. Anything that can be started can be a harness; these need no model.
 */
import { fileKinds } from './file-kinds.ts';
import type { Formatter } from './formatter.ts';

export interface ScriptPlaces {
  /** A folder outside of any repository: settings that stand beside a file must not reach the formatter. */
  readonly toolFolder: string;
  readonly formatter: Formatter;
  /** Path of this Node. */
  readonly node: string;
  /** What the last task writes. */
  readonly indexFile: string;
}

/** `sh tool.sh <prompt file>` in a worktree: the prompt's first line says what to do. */
export function toolScript({ toolFolder, formatter, indexFile }: ScriptPlaces): string {
  return `#!/bin/sh
# The demo's harness. The first line of the prompt is the whole job: "format <path>", or "index".
set -eu
# Where somebody waits for the middle of this file's run, the middle lasts until this process is killed.
pause_at() {
  pause=${quote(`${toolFolder}/pause`)}
  [ "$(cat "$pause" 2>/dev/null)" = "$1" ] || return 0
  mv "$pause" "$pause.taken" 2>/dev/null || return 0
  echo "$FMAIL_AGENT" > "$pause.taken"
  mv "$pause.taken" "$pause.reached"
  exec sleep 60
}
read -r verb path < "$1"
case $verb in
  format)
    (cd ${quote(toolFolder)} && exec ${words(formatter.argv)} --stdin-file-path="$path") < "$path" > "$1.out"
    cat "$1.out" > "$path"
    pause_at "$path"
    echo "formatted $path"
    ;;
  index)
    git -c core.quotePath=false ls-files --stage > "$1.out"
    cat "$1.out" > ${quote(indexFile)}
    echo "listed every file and what it holds in "${quote(indexFile)}
    ;;
  *)
    echo "no such job: $verb" >&2
    exit 1
    ;;
esac
`;
}

/** `sh gate.sh` in the committer's tree: every file that the change touches still parses. */
export function gateScript({ toolFolder, formatter, node }: ScriptPlaces): string {
  const check = (type: string) => `${quote(node)} --check --input-type=${type} - < "$1"`;
  const commands = {
    module: check('module'),
    commonjs: check('commonjs'),
    either: `${check('module')} 2>/dev/null || ${check('commonjs')}`,
    formatter: `(cd ${quote(toolFolder)} && exec ${words(formatter.argv)} --stdin-file-path="$1") < "$1" >/dev/null`,
  };
  const cases = fileKinds.map(
    ({ extensions, parser }) =>
      `    ${extensions.map((one) => `*.${one}`).join('|')}) ${commands[parser]} ;;`,
  );
  return `#!/bin/sh
# The demo's gate: every file that this change touches parses.
parses() {
  case $1 in
${cases.join('\n')}
  esac
}
changed=$(git -c core.quotePath=false diff --name-only --diff-filter=d HEAD) || exit 1
[ -n "$changed" ] || { echo 'nothing is changed here'; exit 1; }
printf '%s\\n' "$changed" | while IFS= read -r file; do
  parses "$file" || { echo "$file does not parse"; exit 1; }
done
`;
}

/** As one word of a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const words = (argv: readonly string[]): string => argv.map(quote).join(' ');
