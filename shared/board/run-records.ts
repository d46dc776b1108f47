/**
 * What the board remembers of its grants, live and ended: by fence, oldest first. Bounded: memory is for live work,
 * the journal keeps the rest.
 */
import type { EventOf, Grant, RunRecord, Task, Usage } from '../../schemas/index.ts';

export type RunRecords = Map<number, RunRecord>;

/** So many records are kept, and all live ones. */
export const RUNS_KEPT = 10_000;

export function runBegan(runs: RunRecords, task: string, grant: Grant): void {
  const { fence, run, kind, agent, profile, pool, granted_at } = grant;
  runs.set(fence, {
    fence,
    run,
    task,
    kind,
    agent,
    ...(profile === undefined ? {} : { profile }),
    ...(pool === undefined ? {} : { pool }),
    granted_at,
    checkpoints: 0,
  });
  if (runs.size <= RUNS_KEPT) return;
  for (const [oldest, { ended_at }] of runs) {
    if (runs.size <= RUNS_KEPT) break;
    if (ended_at !== undefined) runs.delete(oldest);
  }
}

/** `task` as it was before the end: its submission names the run whose change a commit holds. */
export function runEnded(runs: RunRecords, task: Task, event: EventOf<'grant_ended'>, at: number): void {
  const { end, to, outcome, reason } = event;
  amend(runs, end.fence, {
    ended_at: at,
    why: end.why,
    ...(end.report === undefined ? {} : { report: end.report }),
    to,
    ...(outcome === undefined ? {} : { outcome }),
    ...(reason === undefined ? {} : { reason }),
  });
  const commit = event.closing?.commit;
  if (commit === undefined) return;
  amend(runs, end.fence, { commit });
  if (task.submission !== undefined) amend(runs, task.submission.fence, { commit });
}

/** Whether this very report ended its grant, however long ago: its sender may never have heard so. */
export function isEndedBy(
  runs: RunRecords,
  { id, fence, run }: { id: string; fence: number; run: string },
): boolean {
  const known = runs.get(fence);
  return known !== undefined && known.run === run && known.report === id;
}

/** What it used so far, as last told. */
export function runUsed(runs: RunRecords, fence: number, usage: Usage): void {
  amend(runs, fence, { usage });
}

/** What its worker noted of it. */
export function runNoted(runs: RunRecords, { fence, note }: EventOf<'run_recorded'>): void {
  const { harness, model, mode, prompt_sha256, session, evidence } = note ?? {};
  const because = evidence?.[0];
  const told = { harness, model, mode, prompt_sha256, session, because };
  amend(runs, fence, Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)));
}

export function runSaved(runs: RunRecords, fence: number, number: number): void {
  const known = runs.get(fence);
  if (known !== undefined) amend(runs, fence, { checkpoints: Math.max(known.checkpoints, number) });
}

function amend(runs: RunRecords, fence: number, fields: Partial<RunRecord>): void {
  const known = runs.get(fence);
  if (known !== undefined) runs.set(fence, { ...known, ...fields });
}
