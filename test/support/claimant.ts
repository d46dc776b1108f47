/**
 * A minimal worker for tests of claims: takes what it is given, keeps a tally of who holds what, reports it done
 * with its next claim.
 */
import type { AnyGrant, Report } from '../../schemas/index.ts';
import type { Claimer } from '../../shared/bus/claimer.ts';

/** Shared by all claimants of a test: an owner that finds a task held already is a double owner. */
export interface Tally {
  readonly grants: AnyGrant[];
  readonly live: Map<string, number>;
  readonly doubles: string[];
}

export const runOf = (grant: AnyGrant): string => grant.run;

/** Works until a claim finds nothing within 500 ms. */
export async function workThrough(
  claimer: Claimer,
  tally: Tally,
  signal = new AbortController().signal,
): Promise<void> {
  let report: Report | undefined;
  for (;;) {
    const waitMs = 500;
    const answer = await claimer.next({
      holds: [],
      waitMs,
      signal,
      ...(report === undefined ? {} : { report }),
    });
    const reported = report !== undefined;
    report = undefined;
    if (answer.kind === 'nothing') {
      if (reported) continue;
      return;
    }
    if (answer.kind !== 'granted') throw new Error(`expected a grant, got ${JSON.stringify(answer)}`);
    const { grant } = answer;
    if (tally.live.has(grant.task)) tally.doubles.push(grant.task);
    tally.live.set(grant.task, grant.fence);
    tally.grants.push(grant);
    // Another claimant may run here: a double owner would show.
    await new Promise((resolve) => setImmediate(resolve));
    tally.live.delete(grant.task);
    report = {
      v: 1,
      kind: 'done',
      id: `r-${grant.run}`,
      task: grant.task,
      fence: grant.fence,
      run: grant.run,
      outcome: 'completed',
    };
  }
}
