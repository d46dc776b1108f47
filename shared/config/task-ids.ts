/**
 * Ids for tasks that come without one: `<project>-<suffix>`, the suffix growing when ids are taken. Pure but for
 * the randomness it is given.
 */
import type { RandomId } from '../random.ts';

/** Leaves room for the longest suffix. */
const PREFIX_LIMIT = 48;

/** The id to try at the `attempt`th time (from 0): 3 characters twice, then one more each second time. */
export function newTaskId(project: string, attempt: number, randomId: RandomId): string {
  const prefix = project.slice(0, PREFIX_LIMIT).replace(/-+$/, '');
  return `${prefix}-${randomId(3 + Math.min(9, Math.floor(attempt / 2)))}`;
}
