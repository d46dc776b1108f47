import { expect, test } from 'vitest';
import { configLines } from '../../../../services/cli/config-sources.ts';
import { readConfig } from '../../../../shared/config/config-file.ts';
import { parseText } from '../../../../shared/config/source-text.ts';

function linesOf(text: string) {
  const read = readConfig(text, { file: 'waggle.yaml', folder: '/repo' });
  const parsed = parseText(text, 'yaml');
  if (!read.ok || !parsed.ok) throw new Error('the test needs a valid file');
  const lines = configLines(read.value, parsed.source);
  return (key: string) => lines.find((line) => line.key === key);
}

const line = linesOf(`project: demo
gates:
  VG-A: npm test
  VG-B: { run: [npm, test], timeout: 90s }
profiles:
  p: { command: [agent] }
policies:
  stale_after: 1h
`);

test('what the file sets is told with its line', () => {
  expect(line('project')).toEqual({ key: 'project', value: 'demo', line: 1 });
  expect(line('policies.stale_after')).toEqual({ key: 'policies.stale_after', value: '1h', line: 8 });
  expect(line('gates.VG-B.timeout')).toEqual({ key: 'gates.VG-B.timeout', value: '1m30s', line: 4 });
});

test('what it leaves out is a default', () => {
  expect(line('policies.lease')).toEqual({ key: 'policies.lease', value: '30s' });
  expect(line('lanes.main.branch')).toEqual({ key: 'lanes.main.branch', value: 'waggle/main' });
  expect(line('profiles.p.prompt')).toEqual({ key: 'profiles.p.prompt', value: 'file' });
});

test('a gate written as its command alone sets its command, not its timeout', () => {
  expect(line('gates.VG-A.run')).toMatchObject({ value: 'npm test', line: 3 });
  expect(line('gates.VG-A.timeout')?.line).toBeUndefined();
});

test('what has no default and is not set is left out', () => {
  expect(line('bus.output_max_bytes')).toBeUndefined();
  expect(line('profiles.p.max_concurrency')).toBeUndefined();
});

const swarm = linesOf(`project: demo
profiles:
  big:
    harness: claude
    model: opus
    account: accounts/big
    weight: 2
    budget: { tokens: 2M, per: day }
  own: { command: [agent] }
pools:
  main: { profiles: [big, own], strategy: weighted }
budgets:
  task: { tokens: 500k, cost: 2.5 }
workers:
  pool: main
  mode: continuous
  stop:
    quantitative: { run: ./enough.sh, exit_codes: [0], stdout_matches: "^done" }
    qualitative: { every: 5, prompt: Go on? }
`);

test('a profile of a known harness is told key by key, and has no command', () => {
  expect(swarm('profiles.big.harness')).toEqual({ key: 'profiles.big.harness', value: 'claude', line: 4 });
  expect(swarm('profiles.big.account')).toMatchObject({ value: '/repo/accounts/big', line: 6 });
  expect(swarm('profiles.big.weight')).toMatchObject({ value: '2', line: 7 });
  expect(swarm('profiles.big.budget.tokens')).toMatchObject({ value: '2000000', line: 8 });
  expect(swarm('profiles.big.rights')).toEqual({ key: 'profiles.big.rights', value: 'edit' });
  expect(swarm('profiles.big.command')).toBeUndefined();
  expect(swarm('profiles.own.harness')).toEqual({ key: 'profiles.own.harness', value: 'command' });
  expect(swarm('profiles.own.rights')).toBeUndefined();
});

test('pools, budgets and how workers run are told, too', () => {
  expect(swarm('pools.main.profiles')).toMatchObject({ value: 'big, own', line: 11 });
  expect(swarm('pools.main.strategy')).toMatchObject({ value: 'weighted', line: 11 });
  expect(swarm('budgets.task.cost')).toMatchObject({ value: '2.5', line: 13 });
  expect(swarm('workers.pool')).toMatchObject({ value: 'main', line: 15 });
  expect(swarm('workers.mode')).toMatchObject({ value: 'continuous', line: 16 });
  expect(swarm('workers.checkpoint')).toEqual({ key: 'workers.checkpoint', value: '1m' });
  expect(swarm('workers.stop.quantitative.exit_codes')).toMatchObject({ value: '0', line: 18 });
  expect(swarm('workers.stop.quantitative.stdout_matches')).toMatchObject({ value: '^done', line: 18 });
  expect(swarm('workers.stop.qualitative.on_invalid')).toMatchObject({ value: 'continue' });
});
