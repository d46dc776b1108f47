/**
 * The keys by which leaders are elected: whether what stands there can be read.
 */
import { type LeaderRole, leaderSubject, readStanding } from '../../../shared/bus/leadership.ts';
import type { Bus } from '../../../shared/bus/port.ts';
import { leadersSpec } from '../../../shared/bus/topology.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import { type Fault, type Finding, findingOf, skip } from './report.ts';

const roles: readonly LeaderRole[] = ['orchestrator', 'stale-takeover'];
const MEND =
  'whoever campaigns for it writes it anew within seconds (`waggle up` starts one); if it comes back, something else writes there';

/** Errors: the port's. */
export async function lookAtElections(core: Bus, project: string): Promise<Finding> {
  const faults: Fault[] = [];
  const seen: string[] = [];
  for (const role of roles) {
    try {
      const subject = leaderSubject(project, role);
      const standing = readStanding(
        await core.streams.get(leadersSpec(project).name, { lastBySubject: subject }),
      );
      if (standing.kind === 'held') seen.push(`${role}: ${standing.holder}`);
      else if (standing.kind === 'vacant') seen.push(`${role}: nobody`);
      else {
        const error = `the key of ${role} cannot be read (revision ${standing.revision})`;
        faults.push({ status: 'warn', error, mend: MEND });
      }
    } catch (error) {
      if (!isWaggleError(error, 'stream-missing')) throw error;
      return skip('there is no election yet, or this login does not see it');
    }
  }
  return findingOf(faults, seen.join('; '));
}
