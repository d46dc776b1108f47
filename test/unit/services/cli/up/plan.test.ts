import { expect, test } from 'vitest';
import { planUp, type UpPlanOptions } from '../../../../../services/cli/up/plan.ts';

const options: UpPlanOptions = {
  program: ['node', 'waggle.js'],
  root: '/repo',
  env: { PATH: '/bin' },
  workers: 2,
  prefix: 'w',
  drainMs: 30_000,
  bus: true,
};

test('services start bus first and stop agents first, and each watches its supervisor', () => {
  const plan = planUp(options);
  expect(plan.services.map(({ name }) => name)).toEqual([
    'nats',
    'orchestrator',
    'committer',
    'stale-takeover',
    'w1',
    'w2',
  ]);
  expect(plan.stopOrder).toEqual([['committer', 'stale-takeover', 'w1', 'w2'], ['orchestrator'], ['nats']]);
  expect(plan.agents).toEqual(['committer', 'stale-takeover', 'w1', 'w2']);
  for (const { argv, cwd } of plan.services) {
    expect(argv.at(-1)).toBe('--with-parent');
    expect(cwd).toBe('/repo');
  }
  expect(plan.services[4]?.argv.slice(0, -1)).toEqual(
    'node waggle.js worker --name w1 --drain 30000ms'.split(' '),
  );
});

test('an agent is killed only some time after its drain is over', () => {
  const { services } = planUp({ ...options, drainMs: 600_000 });
  expect(services.find(({ name }) => name === 'w1')?.drainMs).toBeGreaterThan(600_000);
});

test('a bus of somebody else is neither started nor stopped; workers may be none', () => {
  const plan = planUp({ ...options, bus: false, workers: 0 });
  expect(plan.services.map(({ name }) => name)).toEqual(['orchestrator', 'committer', 'stale-takeover']);
  expect(plan.stopOrder).toEqual([['committer', 'stale-takeover'], ['orchestrator']]);
});

test('workers are called by the prefix', () => {
  expect(planUp({ ...options, prefix: 'gpu-' }).agents).toEqual([
    'committer',
    'stale-takeover',
    'gpu-1',
    'gpu-2',
  ]);
});
