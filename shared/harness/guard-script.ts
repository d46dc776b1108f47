/**
 * The two shell scripts around a program, as text so that they are there from dist/ too. POSIX sh: a guard
 * in Node would cost each running harness some 40 MB. Both must work in dash and in bash's POSIX mode
 * (3.2 is macOS's /bin/sh).
 */

/**
 * The guard: lives in a session of its own, so that no signal to the program's group reaches it. Reads the
 * group's number, answers `ready`, and waits. Its input ends when the parent does, however that dies; then
 * the group gets TERM, a grace of `$1` tenths of a second, and KILL. A parent that needs it no more kills
 * it.
 */
export const GUARD_SCRIPT = `trap '' HUP INT QUIT TERM
IFS= read -r group || exit 0
echo ready
while IFS= read -r nothing; do :; done
kill -s TERM -- "-$group" 2>/dev/null || exit 0
left=$1
while [ "$left" -gt 0 ] && kill -s 0 -- "-$group" 2>/dev/null; do
  sleep 0.1 2>/dev/null || { sleep 1; left=$((left - 9)); }
  left=$((left - 1))
done
kill -s KILL -- "-$group" 2>/dev/null
exit 0`;

/**
 * The launcher: leads the program's group, waits on descriptor 3 until the guard knows that group (no
 * \`go\`, no program: a parent killed in between leaves nothing), then becomes the program.
 *
 * Descriptor 4 tells that it did: the braces make the shell close it for the program and keep its own copy
 * close-on-exec, so its end is seen at the very moment of a successful exec. When exec fails, the shell
 * says so on standard error first, in a line that starts with its name, and then ends.
 */
export const LAUNCH_SCRIPT = `IFS= read -r WAGGLE_GO <&3 && [ "$WAGGLE_GO" = go ] || exit 125
unset WAGGLE_GO
exec 3<&-
{ exec "$@"; } 4>&-`;
