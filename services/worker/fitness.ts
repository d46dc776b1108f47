/**
 * Whether a profile's harness can do what the profile and its worker ask of it, told before anything starts. Pure.
 */
import type { Mode } from '../../schemas/index.ts';
import { adapterOf } from '../../shared/harness/adapters.ts';
import type { HarnessProfile } from '../../shared/harness/profile.ts';

/** Why it can't, in sentences; none: it can. */
export function unfitness(name: string, profile: HarnessProfile, mode: Mode): string[] {
  const { capabilities } = adapterOf(profile.harness);
  const what = `profile ${name} (${profile.harness})`;
  const faults: string[] = [];
  if (!capabilities.oneShot) faults.push(`${what} does no task by itself`);
  if (mode === 'continuous' && !capabilities.continuous)
    faults.push(`${what} cannot go on from task to task; expected mode single-task`);
  if (profile.prompt !== undefined && !capabilities.prompts.includes(profile.prompt))
    faults.push(
      `${what} takes no prompt as ${profile.prompt}; expected prompt: ${capabilities.prompts.join(' or ')}`,
    );
  if (profile.mcp === true && !capabilities.mcp) faults.push(`${what} speaks no MCP; expected mcp: false`);
  return faults;
}
