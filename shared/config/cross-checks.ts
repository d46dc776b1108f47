/**
 * What must agree between parts of `waggle.yaml`: names that are referred to exist, orders hold, no two
 * lanes write the same branch. Works on the file as it was written, also where other checks found
 * problems, so that one run names all of them; what is malformed is passed over here.
 */

import { defaults } from './defaults.ts';
import { formatDuration, parseDuration } from './durations.ts';
import type { PathProblem } from './file-problem.ts';
import { resolveHome } from './lane-home.ts';
import { suggestion } from './nearest-name.ts';
import { profileChecks } from './profile-checks.ts';
import { isMapping, type Mapping, mappingAt } from './shape.ts';

/** The problems between the parts of `raw`, a parsed `waggle.yaml` that lies in `folder`. */
export function crossCheck(raw: unknown, folder: string): PathProblem[] {
  if (!isMapping(raw)) return [];
  return [
    ...gateReferences(raw),
    ...profileChecks(raw),
    ...Object.entries(mappingAt(raw, 'lanes')).flatMap(([lane, value]) => laneTexts(lane, value)),
    ...sharedBranches(raw, folder),
    ...durationOrder(raw),
  ];
}

function gateReferences(raw: Mapping): PathProblem[] {
  const known = Object.keys(mappingAt(raw, 'gates'));
  return Object.entries(mappingAt(raw, 'lanes')).flatMap(([lane, value]) => {
    const gates = isMapping(value) && Array.isArray(value.gates) ? (value.gates as unknown[]) : [];
    return gates.flatMap((gate, index) =>
      typeof gate !== 'string' || known.includes(gate)
        ? []
        : [
            {
              path: ['lanes', lane, 'gates', index],
              message: `no gate \`${gate}\` is defined; ${suggestion(gate, known)}`,
            },
          ],
    );
  });
}

function laneTexts(lane: string, value: unknown): PathProblem[] {
  if (!isMapping(value)) return [];
  const problems: PathProblem[] = [];
  const { home, base, branch } = value;
  if (typeof home === 'string' && home.startsWith('~')) {
    problems.push({ path: ['lanes', lane, 'home'], message: '`~` is not expanded; write the whole path' });
  }
  if (typeof base === 'string' && base.startsWith('-')) {
    problems.push({
      path: ['lanes', lane, 'base'],
      message: `expected a branch, tag or commit, got "${base}"`,
    });
  }
  if (typeof branch === 'string' && !isBranchName(branch)) {
    const message = `expected a branch name that git accepts, such as waggle/${lane}, got ${JSON.stringify(branch)}`;
    problems.push({ path: ['lanes', lane, 'branch'], message });
  }
  return problems;
}

/** The rules of `git check-ref-format --branch`. */
function isBranchName(branch: string): boolean {
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.$|^[-/]|\/$|^@$|^refs\//.test(branch)) return false;
  return branch.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
}

function sharedBranches(raw: Mapping, folder: string): PathProblem[] {
  const owners = new Map<string, string>();
  return Object.entries(mappingAt(raw, 'lanes')).flatMap(([lane, value]) => {
    const { home, branch } = isMapping(value) ? value : {};
    const place = resolveHome(typeof home === 'string' ? home : '.', folder);
    const target = typeof branch === 'string' ? branch : defaults.branch(lane);
    const key = `${target} ${place}`;
    const owner = owners.get(key);
    if (owner === undefined) {
      owners.set(key, lane);
      return [];
    }
    const message = `writes branch ${target} of ${place}, which is lane \`${owner}\`'s; give each lane its own branch`;
    return [{ path: ['lanes', lane], message }];
  });
}

function durationOrder(raw: Mapping): PathProblem[] {
  const policies = mappingAt(raw, 'policies');
  const ms = (key: string): number | undefined => {
    const value = policies[key];
    return typeof value === 'string' || typeof value === 'number' ? parseDuration(value) : undefined;
  };
  const problems: PathProblem[] = [];
  const backoff = ms('backoff') ?? defaults.policies.backoff_ms;
  const most = ms('backoff_max') ?? defaults.policies.backoff_max_ms;
  if (backoff > most) {
    const key = 'backoff' in policies ? 'backoff' : 'backoff_max';
    const message = `backoff (${formatDuration(backoff)}) is longer than backoff_max (${formatDuration(most)})`;
    problems.push({ path: ['policies', key], message });
  }
  for (const key of ['lease', 'stale_after']) {
    if (ms(key) === 0) problems.push({ path: ['policies', key], message: 'expected a duration above 0' });
  }
  return problems;
}
