import { describe, expect, test } from 'vitest';
import { remoteKey } from '../../../../shared/config/remote-key.ts';

describe('one repository has one key', () => {
  test.each([
    'ssh://git@host.test/acme/tool.git',
    'ssh://git@host.test:2222/acme/tool.git',
    'git+ssh://ann@HOST.test/acme/tool',
    'git@host.test:acme/tool.git',
    'host.test:acme/tool',
    'git@host.test:/acme/tool.git/',
    'git@host.test:~/acme/tool.git',
    'https://host.test/acme/tool.git',
    'https://Host.Test/acme/tool',
    'https://ann:secret@host.test:8443/acme/tool.git/',
    'https://ann@x.test:secret@host.test/acme//tool.GIT',
    'http://host.test./acme/tool/',
    'git://host.test/acme/tool.git',
    'https://host.test/%61cme/tool?x=1#y',
    'ssh://git@ssh.host.test:443/acme/tool.git',
    '  git@host.test:acme/tool.git\n',
  ])('as %s', (url) => {
    expect(remoteKey(url)).toEqual({ key: 'host.test/acme/tool', last: 'tool' });
  });
});

test.each([
  ['https://host.test/acme/tool', 'https://host.test/other/tool'],
  ['https://host.test/acme/tool', 'https://elsewhere.test/acme/tool'],
  ['https://host.test/acme/tool', 'https://host.test/acme/tool/wiki'],
  ['https://host.test/acme/tool', 'https://host.test/acme/tool.js'],
  ['https://host.test/Acme/tool', 'https://host.test/acme/tool'],
])('%s and %s are two', (one, other) => {
  expect(remoteKey(one)?.key).not.toBe(remoteKey(other)?.key);
});

test.each([
  ['git@[::1]:a/b.git', '[::1]/a/b'],
  ['ssh://git@[::1]:22/a/b.git', '[::1]/a/b'],
  ['https://ssh.test/a', 'ssh.test/a'],
  ['https://host.test/a%zz', 'host.test/a%zz'],
  ['https://host.test/.git', 'host.test/.git'],
])('the key of %s is %s', (url, key) => {
  expect(remoteKey(url)?.key).toBe(key);
});

test.each([
  '',
  '/srv/git/tool.git',
  './tool',
  '../acme/tool',
  'tool',
  './a:b',
  'c:/tool',
  'file:///srv/git/tool.git',
  'FILE://host/srv/tool',
  'https://host.test',
  'https://host.test/',
  'https:///acme/tool',
  'ann@:acme/tool',
  '#1:acme/tool',
  'host.test?x:acme/tool',
])('%j is on no other machine', (url) => {
  expect(remoteKey(url)).toBeUndefined();
});
