import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, readConfig } from '../../../../shared/config/config-file.ts';
import { findConfig } from '../../../../shared/config/config-place.ts';
import { problemsText } from '../../../../shared/config/file-problem.ts';
import { isWaggleError } from '../../../../shared/errors.ts';

const read = (text: string) => readConfig(text, { file: 'waggle.yaml', folder: '/repo' });
const problems = (text: string) => {
  const outcome = read(text);
  return outcome.ok ? [] : problemsText(outcome.problems).split('\n');
};

describe('reading waggle.yaml', () => {
  it('names every problem with its line, in the order of the file', () => {
    const text = `project: Demo
lanes:
  main:
    gates: [VG-TST, VG-TEST]
    hom: x
  side: { branch: waggle/main }
  bad: { base: --all, branch: "a..b", home: ~/x }
gates:
  VG-TEST: npm test
  VG-L: { run: [npm, 5], timout: 3 }
profil:
  a: 1
profiles:
  mock: { command: [], prompt: fil, timeout: soon, set: { A-B: x, PORT: 80 } }
  none: {}
  Bad Name: { command: [x] }
policies: { lease: 0, backoff: 1h30m, weights: { a: 0 }, maxAttempts: 3, paths: Warn }
workers: { profile: mok, count: 0 }
bus: [1]
`;
    expect(problems(text)).toEqual([
      'waggle.yaml:1: project: expected a name of lower-case letters, digits and dashes (at most 63), got "Demo"',
      'waggle.yaml:4: lanes.main.gates[0]: no gate `VG-TST` is defined; did you mean `VG-TEST`?',
      'waggle.yaml:5: lanes.main: unknown key `hom`; did you mean `home`?',
      "waggle.yaml:6: lanes.side: writes branch waggle/main of /repo, which is lane `main`'s; give each lane its own branch",
      'waggle.yaml:7: lanes.bad.home: `~` is not expanded; write the whole path',
      'waggle.yaml:7: lanes.bad.base: expected a branch, tag or commit, got "--all"',
      'waggle.yaml:7: lanes.bad.branch: expected a branch name that git accepts, such as waggle/bad, got "a..b"',
      'waggle.yaml:10: gates.VG-L.run[1]: expected text, got 5; put it in quotes',
      'waggle.yaml:10: gates.VG-L: unknown key `timout`; did you mean `timeout`?',
      'waggle.yaml:11: unknown key `profil`; did you mean `profiles`?',
      'waggle.yaml:14: profiles.mock.command: expected at least one entry, got none',
      'waggle.yaml:14: profiles.mock.prompt: expected one of file, stdin, argument, got "fil"',
      'waggle.yaml:14: profiles.mock.timeout: expected a duration such as 300ms, 30s, 45m, 2h, 1h30m or 1d, got "soon"',
      'waggle.yaml:14: profiles.mock.set.A-B: expected the name of an environment variable, got "A-B"',
      'waggle.yaml:14: profiles.mock.set.PORT: expected text, got 80; put it in quotes',
      'waggle.yaml:15: profiles.none: `command` is missing; expected a list, or another `harness`, such as claude, which needs none',
      'waggle.yaml:16: profiles."Bad Name": expected a name of lower-case letters, digits and dashes (at most 63), got "Bad Name"',
      'waggle.yaml:17: policies.weights.a: expected a number above 0, got 0',
      'waggle.yaml:17: policies: unknown key `maxAttempts`; did you mean `max_attempts`?',
      'waggle.yaml:17: policies.paths: expected one of serialise, warn, got "Warn"',
      'waggle.yaml:17: policies.backoff: backoff (1h30m) is longer than backoff_max (5m)',
      'waggle.yaml:17: policies.lease: expected a duration above 0',
      'waggle.yaml:18: workers.count: expected a whole number from 1, got 0',
      'waggle.yaml:18: workers.profile: no profile `mok` is defined; did you mean `mock`?',
      'waggle.yaml:19: bus: expected a mapping with output_max_bytes, output_max_age, got a list of 1',
    ]);
  });

  it.each([
    [
      '',
      'waggle.yaml:1: the file is empty; `waggle init` writes a fresh one, and `project: <name>` alone is enough',
    ],
    [
      '# only a comment\n',
      'waggle.yaml:1: the file is empty; `waggle init` writes a fresh one, and `project: <name>` alone is enough',
    ],
    ['just text', 'waggle.yaml:1: expected a mapping with project, lanes, gates, profiles, got "just text"'],
    [
      'lanes: {}',
      'waggle.yaml:1: `project` is missing; expected a name of lower-case letters, digits and dashes (at most 63)',
    ],
    [
      'project: 12',
      'waggle.yaml:1: project: expected a name of lower-case letters, digits and dashes (at most 63), got 12; put it in quotes',
    ],
    ['projct: demo', 'waggle.yaml:1: unknown key `projct`; did you mean `project`?'],
    ['project: demo\nproject: other', 'waggle.yaml:2: key `project` appears twice, first on line 1'],
    [
      'project: demo\nroles: { ann: boss }',
      'waggle.yaml:2: roles.ann: expected one of operator, worker, committer, stale-takeover, orchestrator, got "boss"',
    ],
    [
      'project: demo\nbus: { output_max_bytes: 10MB }',
      'waggle.yaml:2: bus.output_max_bytes: expected a size such as "512", 64KiB, 20MiB or 1GiB, got "10MB"',
    ],
    [
      'project: demo\nlanes: { main: { gates: [VG-A] } }',
      'waggle.yaml:2: lanes.main.gates[0]: no gate `VG-A` is defined; none is known here',
    ],
    [
      'project: demo\nprofiles: { a: { comand: [x] } }',
      'waggle.yaml:2: profiles.a: unknown key `comand`; did you mean `command`?',
    ],
    [
      'project: demo\nbudgets: { project: { tokens: 1.5 } }',
      'waggle.yaml:2: budgets.project.tokens: expected a number of tokens above 0 such as 200000, 500k or 2M, got 1.5',
    ],
    [
      'project: demo\nbudgets: { project: { tokens: 2G } }',
      'waggle.yaml:2: budgets.project.tokens: expected a number of tokens above 0 such as 200000, 500k or 2M, got "2G"',
    ],
    [
      'project: demo\nbudgets: { run: { duration: 0 } }',
      'waggle.yaml:2: budgets.run.duration: expected a duration such as 300ms, 30s, 45m, 2h, 1h30m or 1d, above 0, got 0',
    ],
    [
      'project: demo\nbudgets: { task: { per: day } }',
      'waggle.yaml:2: budgets.task: unknown key `per`; known: tokens, cost, duration',
    ],
    [
      'project: demo\n__proto__: { a: 1 }',
      'waggle.yaml:2: unknown key `__proto__`; known: project, lanes, gates, profiles, pools, budgets, policies, workers, roles, bus',
    ],
  ])('%j has one problem', (text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  it('refuses a place of the prompt that would stay empty, and leaves every other brace alone', () => {
    const text = `project: demo
profiles:
  typo: { command: [x, "{prompt_fil}", "{ print $1 }", "{what}"] }
  file: { command: [x, "--say={prompt}"] }
  word: { command: [x, "{prompt}", "{prompt_file}"], prompt: argument }
  none: { command: [x] }
`;
    expect(problems(text)).toEqual([
      'waggle.yaml:3: profiles.typo.command[1]: unknown place `{prompt_fil}`; did you mean `prompt_file`?',
      'waggle.yaml:4: profiles.file.command[1]: `{prompt}` is filled with `prompt: argument` only; `{prompt_file}` names a file with the prompt',
    ]);
  });

  it('refuses a pool of more profiles than a claim can offer: its workers would never be granted anything', () => {
    const names = Array.from({ length: 101 }, (_, n) => `p-${n}`);
    const text = `project: demo
profiles:
${names.map((name) => `  ${name}: { harness: claude }`).join('\n')}
pools:
  main: { profiles: [${names.join(', ')}] }
`;
    expect(problems(text)).toEqual([
      'waggle.yaml:105: pools.main.profiles: expected at most 100 entries, got 101',
    ]);
  });

  it('says what profiles, pools and workers may not be together, and what to write instead', () => {
    const text = `project: demo
profiles:
  any: { command: [x], program: y, model: m, account: ~/a, args: [z], rights: full, mcp: true }
  own: { harness: claude, command: [x] }
  far: { harness: codex, account: ~ann/.codex, program: ~/bin/codex }
  odd: { harness: cursor }
pools:
  main: { profiles: [own, fra], strategy: fair }
  none: { profiles: [] }
workers:
  profile: own
  pool: man
  stop:
    quantitative: { run: ./done.sh, stdout: any }
`;
    expect(problems(text)).toEqual([
      'waggle.yaml:3: profiles.any.program: is for known harnesses, and this one is any command; `command` names the program',
      'waggle.yaml:3: profiles.any.model: is for known harnesses, and this one is any command; put it into `command`',
      'waggle.yaml:3: profiles.any.account: is for known harnesses, and this one is any command; put it into `command`, or `set` a variable',
      'waggle.yaml:3: profiles.any.args: is for known harnesses, and this one is any command; put them into `command`',
      'waggle.yaml:3: profiles.any.rights: is for known harnesses, and this one is any command; put its flags into `command`',
      'waggle.yaml:3: profiles.any.mcp: is for known harnesses, and this one is any command; put its flags into `command`',
      'waggle.yaml:4: profiles.own.command: harness claude brings its own; name another program with `program`',
      'waggle.yaml:5: profiles.far.program: `~` is not expanded; write the whole path',
      "waggle.yaml:5: profiles.far.account: another user's home is not expanded; write the whole path",
      'waggle.yaml:6: profiles.odd.harness: expected one of claude, codex, opencode, pi, droid, gemini, command, got "cursor"',
      'waggle.yaml:8: pools.main.strategy: expected one of round_robin, weighted, least_used, quota_aware, got "fair"',
      'waggle.yaml:8: pools.main.profiles[1]: no profile `fra` is defined; did you mean `far`?',
      'waggle.yaml:9: pools.none.profiles: expected at least one entry, got none',
      'waggle.yaml:12: workers.pool: no pool `man` is defined; did you mean `main`?',
      'waggle.yaml:12: workers.pool: workers have a profile or a pool, not both; a task can name its profile in `requires`',
      'waggle.yaml:14: workers.stop.quantitative: says never when it holds; give it exit_codes, stdout, stderr, stdout_matches or stderr_matches',
    ]);
  });

  it.each(['stdout_matches', 'stderr_matches'])('takes only a regular expression for %s', (key) => {
    const rule = (pattern: string) =>
      problems(`project: demo\nworkers: { stop: { quantitative: { run: x, ${key}: "${pattern}" } } }`);
    expect(rule('^done')).toEqual([]);
    expect(rule('(')).toEqual([
      expect.stringContaining(`workers.stop.quantitative.${key}: expected a regular expression: `),
    ]);
  });

  it('takes a key with nothing behind it for an absent one', () => {
    const outcome = read('project: demo\nlanes:\n  main:\ngates:\nprofiles:\npolicies:\n');
    expect(outcome.ok && Object.keys(outcome.value.board.lanes)).toEqual(['main']);
  });
});

describe('finding waggle.yaml', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'waggle-config-')));
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('takes the nearest one upward, and paths in it start from its own folder', async () => {
    await writeFile(join(folder, 'waggle.yaml'), 'project: outer');
    await writeFile(join(folder, 'a', 'waggle.yaml'), 'project: inner\nlanes: { main: { home: ../repo } }');
    const config = await loadConfig(join(folder, 'a', 'b'));
    expect(config.project).toBe('inner');
    expect(config.path).toBe(join(folder, 'a', 'waggle.yaml'));
    expect(config.board.lanes.main?.home).toBe(join(folder, 'repo'));
  });

  it('passes over a folder of that name', async () => {
    await writeFile(join(folder, 'waggle.yaml'), 'project: outer');
    await mkdir(join(folder, 'a', 'waggle.yaml'));
    expect(await findConfig(join(folder, 'a'))).toBe(join(folder, 'waggle.yaml'));
  });

  it('says what to do when there is none', async () => {
    await expect(loadConfig(join(folder, 'a'))).rejects.toThrow(
      `no waggle.yaml in ${join(folder, 'a')} or any folder above it; \`waggle init\` makes one`,
    );
  });

  it('throws one coded error that carries every problem', async () => {
    await writeFile(join(folder, 'waggle.yaml'), 'project: Demo\nlane: {}\n');
    const error = await loadConfig(folder).catch((thrown: unknown) => thrown);
    expect(isWaggleError(error, 'config-invalid') && error.message).toBe(
      [
        `${join(folder, 'waggle.yaml')}: 2 problems`,
        'waggle.yaml:1: project: expected a name of lower-case letters, digits and dashes (at most 63), got "Demo"',
        'waggle.yaml:2: unknown key `lane`; did you mean `lanes`?',
      ].join('\n'),
    );
    expect(isWaggleError(error) && error.exitCode).toBe(2);
    expect(isWaggleError(error) && error.details.list).toMatchObject([
      { file: 'waggle.yaml', line: 1, key: 'project' },
      { line: 2, key: '' },
    ]);
  });
});
