import { expect, test } from 'vitest';
import { expandHome } from '../../../../shared/config/home-path.ts';

test.each([
  ['~', '/home/me', '/home/me'],
  ['~/.claude-work', '/home/me', '/home/me/.claude-work'],
  ['~/.claude-work', '/home/me/', '/home/me/.claude-work'],
  ['/abs/~/x', '/home/me', '/abs/~/x'],
  ['~other/x', '/home/me', '~other/x'],
  ['~/x', undefined, undefined],
  ['~/x', '', undefined],
  ['/abs', undefined, '/abs'],
])('%s, at home in %s, is %s', (path, home, whole) => {
  expect(expandHome(path, home)).toBe(whole);
});
