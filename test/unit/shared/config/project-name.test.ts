import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NAME_PATTERN } from '../../../../schemas/limits.ts';
import { projectName } from '../../../../shared/config/project-name.ts';

describe('a project name', () => {
  it.each([
    'git@host.test:Acme/My_Repo.git',
    'https://host.test/Acme/My_Repo.git',
    'https://host.test/acme/my-repo/',
    'ssh://git@host.test:22/acme/my_repo.git',
    '/srv/git/My Repo.git',
  ])('from the remote %s is my-repo', (remote) => {
    expect(projectName({ folder: '/x/clone-3', remote })).toBe('my-repo');
  });

  it.each([
    ['/home/me/Café Größe!', 'cafe-gro-e'],
    ['/home/me/.dotfiles', 'dotfiles'],
    ['/', 'project'],
    ['/home/me/日本', 'project'],
    [`/x/${'a'.repeat(80)}`, 'a'.repeat(63)],
  ])('from the folder %s is %s', (folder, name) => {
    expect(projectName({ folder })).toBe(name);
  });

  it('is always valid', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (folder, remote) => {
        expect(projectName({ folder, remote })).toMatch(new RegExp(NAME_PATTERN));
      }),
    );
  });
});
