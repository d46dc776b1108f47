/**
 * The tasks of a swarm in chaos, and the harness that does them. What a task does stands in its id, so that script and
 * checker know it without each other: `t12.slow.flaky.shared1`.
 *
 * - every task writes one file of its own, whose two lines are known beforehand;
 * - `slow` takes longer than most leases' thirds, and leaves half of its file first;
 * - `flaky` fails at its first try;
 * - `sharedN` adds a line to a file that others write, too: such submissions conflict;
 * - `inX` works in the path scope `src/X`.
 */
import type { TaskSpec } from '../../schemas/index.ts';
import type { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';

export const LANES = ['main', 'side'] as const;

const SCOPES = ['a', 'b'] as const;
const SHARED_FILES = 3;
const DEPS_REACH = 10;

/** The script; `@NOTES@` is a folder that outlives its runs. */
export const harnessScript = `set -eu
id=$WAGGLE_TASK
case $id in
  *.ina*) own=src/a/$id.txt ;;
  *.inb*) own=src/b/$id.txt ;;
  *) own=free/$id.txt ;;
esac
mkdir -p "$(dirname "$own")" shared "@NOTES@/tried"
echo "$id begun" > "$own"
case $id in
  *.slow*) for step in 1 2 3 4 5; do echo "step $step"; sleep 0.4; done ;;
  *) sleep 0.1 ;;
esac
case $id in
  *.flaky*)
    if [ ! -e "@NOTES@/tried/$id" ]; then
      : > "@NOTES@/tried/$id"
      echo "it fails at first" >&2
      exit 3
    fi ;;
esac
printf '%s begun\\n%s ended\\n' "$id" "$id" > "$own"
case $id in
  *.shared*)
    file=shared/\${id##*.shared}.txt
    grep -qxF "$id" "$file" 2> /dev/null || echo "$id" >> "$file" ;;
esac
`;

/** What a task leaves in its branch: its own file with its text, and the shared file that holds a line of it. */
export interface Traces {
  readonly file: string;
  readonly text: string;
  readonly sharedFile?: string;
}

/** What a committed task must have left. */
export function tracesOf(id: string): Traces {
  const scope = /\.in([ab])/.exec(id)?.[1];
  const shared = /\.shared(\d+)$/.exec(id)?.[1];
  return {
    file: `${scope === undefined ? 'free' : `src/${scope}`}/${id}.txt`,
    text: `${id} begun\n${id} ended\n`,
    ...(shared === undefined ? {} : { sharedFile: `shared/${shared}.txt` }),
  };
}

/** So many tasks, each after those that it waits for. */
export function tasksOf(random: SeededRandom, count: number): TaskSpec[] {
  const tasks: TaskSpec[] = [];
  for (let n = 0; n < count; n += 1) {
    const scope = random.chance(0.25) ? random.pick(SCOPES) : undefined;
    const id = [
      `t${n + 1}`,
      ...(scope === undefined ? [] : [`in${scope}`]),
      ...(random.chance(0.15) ? ['slow'] : []),
      ...(random.chance(0.12) ? ['flaky'] : []),
      ...(random.chance(0.15) ? [`shared${random.whole(1, SHARED_FILES)}`] : []),
    ].join('.');
    const dep = random.chance(0.3) ? tasks[Math.max(0, n - random.whole(1, DEPS_REACH))]?.id : undefined;
    tasks.push({
      id,
      title: `feat: ${id}`,
      lane: random.chance(0.7) ? LANES[0] : LANES[1],
      priority: random.pick(['P0', 'P1', 'P2', 'P3', 'P4'] as const) ?? 'P2',
      ...(dep === undefined ? {} : { deps: [dep] }),
      ...(scope === undefined ? {} : { paths: [`src/${scope}`] }),
      ...(random.chance(0.1) ? { heavy: true } : {}),
    });
  }
  return tasks;
}
