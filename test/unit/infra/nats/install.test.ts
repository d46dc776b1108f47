import { describe, expect, test } from 'vitest';
import { type InstallSystem, planInstall } from '../../../../infra/nats/install.ts';

const debian: InstallSystem = { root: true, ci: false, terminal: false, managers: ['apt'] };
const APT = 'apt-get update && apt-get install -y nats-server';

describe('a missing nats-server', () => {
  test.each([
    ['in CI without a terminal', { ci: true }],
    ['in CI with a terminal', { ci: true, terminal: true }],
    ['without a terminal', {}],
  ])('is installed by root with apt %s', (_, change) => {
    const plan = planInstall({ ...debian, ...change });
    expect(plan).toMatchObject({ kind: 'install', command: APT });
  });

  test('is installed in two steps, of which only the list update may fail', () => {
    const plan = planInstall(debian);
    if (plan.kind !== 'install') throw new Error(`unexpected plan ${plan.kind}`);
    expect(plan.steps.map((step) => [step.argv.slice(0, 2).join(' '), step.optional])).toEqual([
      ['apt-get update', true],
      ['apt-get install', false],
    ]);
  });

  test('is asked about on a terminal, even of root', () => {
    expect(planInstall({ ...debian, terminal: true })).toMatchObject({ kind: 'ask', command: APT });
  });

  test('is asked about on a terminal with sudo before each command', () => {
    const plan = planInstall({ ...debian, root: false, terminal: true });
    expect(plan).toMatchObject({
      kind: 'ask',
      command: 'sudo apt-get update && sudo apt-get install -y nats-server',
    });
    expect(plan.kind === 'ask' && plan.steps.map((step) => step.argv[0])).toEqual(['sudo', 'sudo']);
  });

  test('is asked about with Homebrew, which wants no sudo', () => {
    const mac = { root: false, ci: false, terminal: true, managers: ['brew'] } as const;
    expect(planInstall(mac)).toMatchObject({ kind: 'ask', command: 'brew install nats-server' });
  });

  test('is told with the one command when nobody can be asked', () => {
    expect(planInstall({ ...debian, root: false })).toEqual({
      kind: 'tell',
      hint: expect.stringMatching(
        /^run `sudo apt-get update && sudo apt-get install -y nats-server`, or download/,
      ),
    });
    expect(planInstall({ root: false, ci: true, terminal: false, managers: ['brew'] })).toEqual({
      kind: 'tell',
      hint: expect.stringContaining('`brew install nats-server`'),
    });
  });

  test('is told with the releases page when there is no package manager', () => {
    expect(planInstall({ root: false, ci: false, terminal: true, managers: [] })).toEqual({
      kind: 'tell',
      hint: expect.stringContaining('https://github.com/nats-io/nats-server/releases'),
    });
  });
});
