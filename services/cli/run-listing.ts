/**
 * Runs from the board, over as many pages as they take, and one by what a person calls it.
 */
import type { Query, RunRecord } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { WaggleError } from '../../shared/errors.ts';

type RunChoice = Pick<Extract<Query, { kind: 'runs' }>, 'task' | 'agent' | 'run' | 'live'>;

/** As many as one answer holds. */
const PAGE = 500;

/** Newest first; at most `limit` (0: all). */
export async function fetchRuns(
  client: BoardClient,
  choice: RunChoice,
  limit: number,
  signal: AbortSignal,
): Promise<RunRecord[]> {
  const found: RunRecord[] = [];
  let before: number | undefined;
  for (;;) {
    const wanted = limit === 0 ? PAGE : Math.min(PAGE, limit - found.length);
    const page = await client.query(
      { v: 1, kind: 'runs', ...choice, limit: wanted, ...(before === undefined ? {} : { before }) },
      signal,
    );
    found.push(...page.runs);
    if (page.next === undefined || page.runs.length === 0 || (limit > 0 && found.length >= limit))
      return found;
    before = page.next;
  }
}

/** The run with that id or fence, or the only one whose id begins so. Errors: `refused`. */
export async function findRun(client: BoardClient, wanted: string, signal: AbortSignal): Promise<RunRecord> {
  const runs = await fetchRuns(client, { run: wanted }, PAGE, signal);
  const work = (found: readonly RunRecord[]) => found.filter(({ kind }) => kind !== 'commit');
  const byFence = runs.find(({ fence }) => String(fence) === wanted);
  // A commit grant goes under the id of the run that it commits.
  const byId = runs.filter(({ run }) => run === wanted);
  const [only, ...others] = byId.length > 0 ? work(byId) : runs;
  const found = byFence ?? (others.length === 0 ? (only ?? byId[0]) : undefined);
  if (found !== undefined) return found;
  if (runs.length === 0) {
    const message = `there is no run ${wanted} among those that the board remembers; \`waggle runs -n 0\` lists them`;
    throw new WaggleError('refused', { message, reason: 'unknown-run' });
  }
  const candidates = runs.slice(0, 10).map(({ run, fence }) => `${run} (fence ${fence})`);
  const more = runs.length > candidates.length ? ', …' : '';
  const message = `${wanted} could be ${candidates.join(', ')}${more}; give the fence`;
  throw new WaggleError('refused', { message, reason: 'ambiguous', candidates });
}
