import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { type ProfileFlags, profileDraft, withProfile } from '../../../../services/cli/profile-draft.ts';
import { starterConfig } from '../../../../shared/config/starter.ts';

const flags = (over: Partial<ProfileFlags> = {}): ProfileFlags => ({
  harness: 'claude',
  command: [],
  arg: [],
  env: [],
  ...over,
});
const big = profileDraft(flags({ model: 'opus', env: ['A', 'B'], max: 2 }));
const LINES = `  big:
    harness: claude
    model: opus
    env: [A, B]
    max_concurrency: 2
`;

describe('a draft', () => {
  it('holds what was given and nothing else', () => {
    expect(profileDraft(flags())).toEqual({ harness: 'claude' });
    expect(
      profileDraft(
        flags({ program: '/opt/claude', account: 'acc', arg: ['--x'], rights: 'full', weight: 0.5 }),
      ),
    ).toEqual({
      harness: 'claude',
      program: '/opt/claude',
      account: 'acc',
      args: ['--x'],
      rights: 'full',
      weight: 0.5,
    });
  });

  it('has a command exactly when its harness is any program', () => {
    expect(() => profileDraft(flags({ command: ['sh'] }))).toThrow('--harness command only');
    expect(() => profileDraft(flags({ harness: 'command' }))).toThrow('behind --');
    expect(profileDraft(flags({ harness: 'command', command: ['sh', '{prompt_file}'] }))).toEqual({
      harness: 'command',
      command: ['sh', '{prompt_file}'],
    });
  });
});

describe('a profile that is added', () => {
  it('stands behind the others with their comments, and nothing else has changed', () => {
    const text = starterConfig({ project: 'demo', command: ['agent'] });
    const added = withProfile(text, 'big', big);
    const place = '    # max_concurrency: 4  # on all machines together\n';
    expect(added).toBe(text.replace(place, place + LINES));
  });

  test.each([
    ['no profiles', 'project: demo # mine\n', `project: demo # mine\n\nprofiles:\n${LINES}`],
    ['no line break at the end', 'project: demo', `project: demo\n\nprofiles:\n${LINES}`],
    [
      'a last profile without a line break',
      'project: demo\nprofiles:\n  a: {command: [x]}',
      `project: demo\nprofiles:\n  a: {command: [x]}\n${LINES}`,
    ],
    [
      'another indent',
      'profiles:\n    a:\n        command:\n          - x\n\n# end\nproject: demo\n',
      `profiles:\n    a:\n        command:\n          - x\n${LINES.replaceAll(/^/gm, '  ').trimEnd()}\n\n# end\nproject: demo\n`,
    ],
    [
      'a block of text at its end',
      'project: demo\nprofiles:\n  a:\n    command:\n      - |\n        one\n        two\n\nworkers: { count: 1 }\n',
      undefined,
    ],
    ['profiles on one line', 'project: demo # mine\nprofiles: {a: {command: [x]}}\n', undefined],
    ['empty profiles', 'project: demo\nprofiles: {} # none\ngates: {}\n', undefined],
    ['profiles that are only a key', 'project: demo\nprofiles:\ngates: {}\n', undefined],
    ['lines that end as on Windows', 'project: demo\r\nprofiles:\r\n  a: {command: [x]}\r\n', undefined],
    ['an alias', 'project: demo\nprofiles:\n  a: &a {command: [x]}\n  b: *a\n', undefined],
  ])('goes into a file with %s', (_, text, wanted) => {
    const added = withProfile(text, 'big', big);
    const before = parse(text) as { profiles?: object | null };
    expect(parse(added)).toEqual({ ...before, profiles: { ...before.profiles, big } });
    if (wanted !== undefined) expect(added).toBe(wanted);
    for (const comment of text.match(/# \w+/g) ?? []) expect(added).toContain(comment);
    if (text.includes('\r\n')) expect(added).not.toMatch(/[^\r]\n/);
  });

  it('takes no name that is taken', () => {
    expect(() => withProfile('project: demo\nprofiles: { big: { command: [x] } }\n', 'big', big)).toThrow(
      'there already',
    );
  });
});
