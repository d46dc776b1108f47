/**
 * What the board has against many tasks, asked before the first of them is added.
 */
import PQueue from 'p-queue';
import type { Problem, TaskSpec } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { randomId } from '../../shared/random.ts';
import { assumedIds } from './task-chunks.ts';

const DRY_RUNS_AT_ONCE = 4;

/** All problems with all chunks; each chunk may count on what the others add. */
export async function addProblems(
  client: BoardClient,
  chunks: readonly (readonly TaskSpec[])[],
  signal: AbortSignal,
): Promise<Problem[]> {
  const inFile = new Set(chunks.flat().map(({ id }) => id));
  const queue = new PQueue({ concurrency: DRY_RUNS_AT_ONCE });
  const found = await queue.addAll(
    chunks.map((tasks) => async (): Promise<readonly Problem[]> => {
      const assume = assumedIds(tasks, inFile);
      const answer = await client.command(
        { v: 1, kind: 'add', id: randomId(), tasks: [...tasks], dry_run: true, assume },
        signal,
      );
      if (answer.status === 'ok') return [];
      const { code = 'invalid', message = 'refused' } = answer;
      return answer.problems ?? [{ code, message }];
    }),
  );
  return found.flat();
}
