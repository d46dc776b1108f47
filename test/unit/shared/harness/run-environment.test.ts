import { expect, test } from 'vitest';
import { RUN_VARIABLES, runEnvironment } from '../../../../shared/harness/run-environment.ts';

const identity = { project: 'hive', taskId: 't-1', fence: 7, run: 'r-1', agent: 'bee', socket: '/s.sock' };
const world = { PATH: '/bin', SECRET: 's', ANTHROPIC_API_KEY: 'k', MODE: 'slow' };

test('the names of a harness are let through, and nothing that nobody named', () => {
  const env = runEnvironment({ env: [], set: {} }, { env: ['ANTHROPIC_*'] }, { env: {} }, identity, world);
  expect(env).toMatchObject({ ANTHROPIC_API_KEY: 'k', PATH: '/bin' });
  expect(env).not.toHaveProperty('SECRET');
  expect(env).not.toHaveProperty('MODE');
});

test('the profile wins over the harness, and the identity over all', () => {
  const profile = { env: ['MODE'], set: { MODE: 'fast', WAGGLE_TASK: 'forged' } };
  const env = runEnvironment(
    profile,
    { env: [] },
    { env: { MODE: 'own', HOME: '/accounts/one' } },
    identity,
    world,
  );
  expect(env).toMatchObject({ MODE: 'fast', HOME: '/accounts/one', WAGGLE_TASK: 't-1' });
});

test('a folder of programs stands before all others, also where there is no PATH', () => {
  const pathOf = (PATH: string | undefined) =>
    runEnvironment({ env: [], set: {} }, { env: [] }, { env: {} }, { ...identity, path: '/own' }, { PATH })[
      'PATH'
    ];
  expect(pathOf('/bin')).toBe('/own:/bin');
  expect(pathOf(undefined)).toBe('/own:/usr/local/bin:/usr/bin:/bin');
});

test('the variables that a run is known by are the ones that are set', () => {
  const env = runEnvironment({ env: [], set: {} }, { env: [] }, { env: {} }, identity, {});
  expect(Object.keys(env).sort()).toEqual([...RUN_VARIABLES].sort());
});
