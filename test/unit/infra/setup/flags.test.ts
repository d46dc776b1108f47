import { describe, expect, test } from 'vitest';
import { withoutFlags, withSwallowedFlags } from '../../../../infra/setup/flags.mjs';

describe('flags that npm swallowed', () => {
  test.each([
    ['npm run demo --json', [], { json: 'true' }, ['--json']],
    ['npm run demo --tasks=50 --keep', [], { tasks: '50', keep: 'true' }, ['--keep', '--tasks=50']],
    ['npm run demo --tasks 50', ['50'], { tasks: 'true' }, ['--tasks', '50']],
    [
      'npm run demo --keep --repo ../x',
      ['../x'],
      { keep: 'true', repo: 'true' },
      ['--keep', '--repo', '../x'],
    ],
    ['npm run demo --no-calm', [], { calm: '' }, []],
    ['npm run demo -- --workers=3 --json', ['--workers=3', '--json'], {}, ['--workers=3', '--json']],
    ['npm run demo -- --json, with json=true in .npmrc', ['--json'], { json: 'true' }, ['--json']],
    ['npm run demo', [], { color: 'true' }, []],
  ])('are put back: %s', (_, args, config, expected) => {
    const env = Object.fromEntries(
      Object.entries(config).map(([key, value]) => [`npm_config_${key}`, value]),
    );
    expect(withSwallowedFlags(args, env)).toEqual(expected);
  });

  test('are refused when two values lost their flags', () => {
    const env = { npm_config_workers: 'true', npm_config_tasks: 'true' };
    expect(() => withSwallowedFlags(['3', '5'], env)).toThrow(/--tasks and --workers.*put -- between/);
  });

  test('are taken out of the environment, and nothing else is', () => {
    expect(withoutFlags({ npm_config_json: 'true', npm_config_cache: '/c', PATH: '/bin' })).toEqual({
      npm_config_cache: '/c',
      PATH: '/bin',
    });
  });
});
