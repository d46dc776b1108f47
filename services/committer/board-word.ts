/**
 * What the board knows that a commit grant does not say: whether the grant is still live, whether an operator wants
 * its submission no more, and how many committers died with it in hand. The latter two are asked only once the look-up
 * has said that the change is not in the branch.
 */
import type { CommitGrant, Deferred, RunRecord } from '../../schemas/index.ts';
import { type BoardClient, createBoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import { withinTime } from '../../shared/within-time.ts';

export interface Asking {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly clock: Clock;
}

type Wish = Exclude<Deferred['verb'], 'edit'>;

/** So many of a task's newest runs are looked at. */
const RUNS_SEEN = 100;
const HURRY_MS = 1_000;

/** Whether the board still counts this grant. */
export async function isLive(asking: Asking, { fence }: CommitGrant, signal: AbortSignal): Promise<boolean> {
  const client = createBoardClient(asking);
  const { ended } = await client.query<'grants'>({ v: 1, kind: 'grants', fences: [fence] }, signal);
  return ended.length === 0;
}

/** Why the submission is not to be committed though it could be; undefined when nothing speaks against it. */
export async function objection(
  asking: Asking,
  grant: CommitGrant,
  signal: AbortSignal,
): Promise<{ readonly reason: 'lane_moved' | 'bundle_damaged'; readonly detail: string } | undefined> {
  const client = createBoardClient(asking);
  const { view } = await client.query<'task'>({ v: 1, kind: 'task', id: grant.task }, signal);
  const wish = wishOf(view.task.deferred);
  if (wish !== undefined) return unwanted(wish);
  // Another commit grant of this submission has ended before: how did it?
  if ((view.task.last_end?.fence ?? 0) <= grant.submission.fence) return undefined;
  const { lost, bound } = await losses(client, grant, signal);
  if (lost < bound) return undefined;
  const detail = `${lost} committers died with it in hand (bound ${bound}), before its change was in the branch`;
  return { reason: 'bundle_damaged', detail };
}

/** A last look at the operators' wishes before the branch moves. When nobody answers soon, none is known. */
export async function lastObjection(
  asking: Asking,
  grant: CommitGrant,
  signal: AbortSignal,
): Promise<ReturnType<typeof unwanted> | undefined> {
  const client = createBoardClient({ ...asking, timeoutMs: HURRY_MS });
  try {
    const { view } = await withinTime(asking.clock, HURRY_MS, (soon) =>
      client.query<'task'>({ v: 1, kind: 'task', id: grant.task }, AbortSignal.any([signal, soon])),
    );
    const wish = wishOf(view.task.deferred);
    return wish === undefined ? undefined : unwanted(wish);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

const wishOf = (deferred: readonly Deferred[] | undefined): Wish | undefined =>
  deferred?.map(({ verb }) => verb).findLast((verb) => verb !== 'edit');

// Of the bounces that say "looked, not in the branch", the one that blames nobody; it names no other tip, so it
// holds no lane.
const unwanted = (wish: Wish) =>
  ({ reason: 'lane_moved', detail: `not in the branch, and an operator asked to ${wish} it` }) as const;

async function losses(
  client: BoardClient,
  { task, submission }: CommitGrant,
  signal: AbortSignal,
): Promise<{ lost: number; bound: number }> {
  const { runs } = await client.query<'runs'>({ v: 1, kind: 'runs', task, limit: RUNS_SEEN }, signal);
  const lost = runs.filter((run) => run.fence > submission.fence && isDeath(run)).length;
  if (lost === 0) return { lost, bound: 1 };
  const { config } = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
  return { lost, bound: config.policies.max_losses };
}

const isDeath = ({ kind, why }: RunRecord): boolean =>
  kind === 'commit' && (why === 'takeover' || why === 'restarted');
