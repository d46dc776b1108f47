/**
 * Adding many tasks in parts: what a part may take for granted, and what to say when it went no further. Pure.
 */
import type { TaskSpec } from '../../schemas/index.ts';
import { WaggleError } from '../../shared/errors.ts';

/** The ids that a chunk refers to and other chunks of the same file add. */
export function assumedIds(chunk: readonly TaskSpec[], inFile: ReadonlySet<string>): string[] {
  const own = new Set(chunk.map(({ id }) => id));
  const named = chunk.flatMap(({ deps = [], parent }) => (parent === undefined ? deps : [...deps, parent]));
  return [...new Set(named)].filter((id) => inFile.has(id) && !own.has(id));
}

interface Named {
  readonly id: string;
}

/** `partly-added`: every task by its id, as added, not added, or unknown (the bus gave no answer). */
export function partlyAdded(parts: {
  readonly added: readonly Named[];
  readonly unknown: readonly Named[];
  readonly left: readonly Named[];
  readonly cause: string;
}): WaggleError {
  const { cause } = parts;
  const [added, unknown, left] = [parts.added, parts.unknown, parts.left].map((tasks) =>
    tasks.map(({ id }) => id),
  );
  const lines = [
    cause,
    ...listed('added', added),
    ...listed('perhaps added, nobody answered', unknown),
    ...listed('not added', left),
  ];
  return new WaggleError('partly-added', {
    message: lines.join('\n'),
    added,
    unknown,
    not_added: left,
    hint: 'take the tasks that were added out of the file, then add it again',
  });
}

function listed(what: string, ids: readonly string[] = []): string[] {
  return ids.length === 0 ? [] : [`${what} (${ids.length}): ${ids.join(', ')}`];
}
