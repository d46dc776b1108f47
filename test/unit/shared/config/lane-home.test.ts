import { expect, it } from 'vitest';
import { isUrl } from '../../../../shared/config/lane-home.ts';

it.each([
  ['https://host.test/a.git', true],
  ['ssh://git@host.test/a', true],
  ['file:///srv/a.git', true],
  ['git@host.test:team/a.git', true],
  ['.', false],
  ['../api', false],
  ['/srv/a.git', false],
  ['repos/a:b', false],
])('a home of %s is a URL: %s', (home, url) => {
  expect(isUrl(home)).toBe(url);
});
