/**
 * What must agree around profiles: each has what its harness needs and nothing else, pools and workers name profiles
 * that exist, and a rule for stopping says when it holds. Works on the file as it was written; what is malformed is
 * passed over here. What a harness can do is known where it is run, and checked there.
 */
import { messageOf } from '../errors.ts';
import type { PathProblem } from './file-problem.ts';
import { nearestName, suggestion } from './nearest-name.ts';
import { isMapping, type Mapping, mappingAt } from './shape.ts';

/** The problems of profiles, pools and workers in `raw`, a parsed `waggle.yaml`. */
export function profileChecks(raw: Mapping): PathProblem[] {
  return [
    ...Object.entries(mappingAt(raw, 'profiles')).flatMap(([name, value]) =>
      harnessKeys(['profiles', name], isMapping(value) ? value : {}),
    ),
    ...poolMembers(raw),
    ...workersChoice(raw),
    ...stopCriteria(mappingAt(mappingAt(mappingAt(raw, 'workers'), 'stop'), 'quantitative')),
  ];
}

/** Keys of the known harnesses, and what to write instead where the harness is any command. */
const ofHarnesses: Readonly<Record<string, string>> = {
  program: '`command` names the program',
  model: 'put it into `command`',
  account: 'put it into `command`, or `set` a variable',
  args: 'put them into `command`',
  rights: 'put its flags into `command`',
  mcp: 'put its flags into `command`',
};

function harnessKeys(path: readonly string[], profile: Mapping): PathProblem[] {
  const { harness = 'command' } = profile;
  const isSet = (key: string) => (profile[key] ?? undefined) !== undefined;
  const problems: PathProblem[] = [];
  const add = (key: string, message: string) => problems.push({ path: [...path, key], message });
  if (harness === 'command') {
    // A misspelt key is one problem, not two.
    const isMisspelt = Object.keys(profile).some((key) => nearestName(key, ['command']) !== undefined);
    if (!isSet('command') && !isMisspelt) {
      const message =
        '`command` is missing; expected a list, or another `harness`, such as claude, which needs none';
      problems.push({ path, message });
    }
    problems.push(...commandPlaces([...path, 'command'], profile));
    for (const [key, instead] of Object.entries(ofHarnesses)) {
      if (isSet(key)) add(key, `is for known harnesses, and this one is any command; ${instead}`);
    }
  } else if (isSet('command')) {
    add('command', `harness ${String(harness)} brings its own; name another program with \`program\``);
  }
  const { account, program } = profile;
  if (typeof program === 'string' && program.startsWith('~')) {
    add('program', '`~` is not expanded; write the whole path');
  }
  if (typeof account === 'string' && /^~[^/]/.test(account)) {
    add('account', "another user's home is not expanded; write the whole path");
  }
  return problems;
}

/**
 * A place of the prompt that would stay as it is: the command would run without its prompt. Any other brace may be meant.
 */
function commandPlaces(path: readonly string[], { command, prompt = 'file' }: Mapping): PathProblem[] {
  if (!Array.isArray(command)) return [];
  const known = prompt === 'argument' ? ['prompt_file', 'prompt'] : ['prompt_file'];
  return command.flatMap((word: unknown, index) => {
    const places = typeof word === 'string' ? [...word.matchAll(/\{(prompt\w*)\}/g)] : [];
    const odd = places.map(([, name = '']) => name).find((name) => !known.includes(name));
    if (odd === undefined) return [];
    const message =
      odd === 'prompt'
        ? '`{prompt}` is filled with `prompt: argument` only; `{prompt_file}` names a file with the prompt'
        : `unknown place \`{${odd}}\`; ${suggestion(odd, known)}`;
    return [{ path: [...path, index], message }];
  });
}

function poolMembers(raw: Mapping): PathProblem[] {
  const known = Object.keys(mappingAt(raw, 'profiles'));
  return Object.entries(mappingAt(raw, 'pools')).flatMap(([pool, value]) => {
    const members = isMapping(value) && Array.isArray(value.profiles) ? (value.profiles as unknown[]) : [];
    return members.flatMap((member, index) =>
      unknownName(['pools', pool, 'profiles', index], 'profile', member, known),
    );
  });
}

function workersChoice(raw: Mapping): PathProblem[] {
  const { profile, pool } = mappingAt(raw, 'workers');
  const problems = [
    ...unknownName(['workers', 'profile'], 'profile', profile, Object.keys(mappingAt(raw, 'profiles'))),
    ...unknownName(['workers', 'pool'], 'pool', pool, Object.keys(mappingAt(raw, 'pools'))),
  ];
  if (typeof profile === 'string' && typeof pool === 'string') {
    const message = 'workers have a profile or a pool, not both; a task can name its profile in `requires`';
    problems.push({ path: ['workers', 'pool'], message });
  }
  return problems;
}

function unknownName(
  path: PathProblem['path'],
  what: string,
  name: unknown,
  known: readonly string[],
): PathProblem[] {
  if (typeof name !== 'string' || known.includes(name)) return [];
  return [{ path, message: `no ${what} \`${name}\` is defined; ${suggestion(name, known)}` }];
}

const patterns = ['stdout_matches', 'stderr_matches'] as const;

function stopCriteria(rule: Mapping): PathProblem[] {
  const path = ['workers', 'stop', 'quantitative'];
  if (rule.run === undefined) return [];
  const problems: PathProblem[] = [];
  // `any` is true of every output.
  const isCriterion = (key: string) => (rule[key] ?? undefined) !== undefined && rule[key] !== 'any';
  if (!['exit_codes', 'stdout', 'stderr', ...patterns].some(isCriterion)) {
    const message =
      'says never when it holds; give it exit_codes, stdout, stderr, stdout_matches or stderr_matches';
    problems.push({ path, message });
  }
  for (const key of patterns) {
    const fault = typeof rule[key] === 'string' ? patternFault(rule[key]) : undefined;
    if (fault !== undefined) problems.push({ path: [...path, key], message: fault });
  }
  return problems;
}

function patternFault(pattern: string): string | undefined {
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    return `expected a regular expression: ${messageOf(error)}`;
  }
}
