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
