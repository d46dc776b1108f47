import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { gitIn } from '../support/repository.ts';
import { demo, place } from './demo-run.ts';

afterAll(() => place.remove());

test('a small demo survives what it kills, ends with 0 and one line of JSON, and leaves nothing behind', async () => {
  const { code, stdout, stderr, left } = await demo(['--tasks', '6', '--workers', '3', '--json']);
  expect(stderr).toMatch(/kill -9 {2}w\d, in the middle of file-\d/);
  expect(stderr).toContain('kill -9  the leading orchestrator');
  expect(stderr).toContain('6 of 6 tasks closed');
  expect(code).toBe(0);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  const result = JSON.parse(stdout) as Record<string, unknown>;
  expect(result).toEqual({
    tasks: 6,
    closed: 6,
    commits: 6,
    takeovers: expect.any(Number),
    orchestrator_failovers: expect.any(Number),
    double_owners: 0,
    lost: 0,
    elapsed_ms: expect.any(Number),
    repo: expect.stringContaining('waggle-demo-'),
  });
  expect(result['takeovers']).toBeGreaterThanOrEqual(1);
  expect(result['orchestrator_failovers']).toBeGreaterThanOrEqual(1);
  expect(left).toEqual([]);
}, 180_000);

test('a path that is no repository, or one without commits, is one sentence and exit 1', async () => {
  const none = join(place.path, 'none');
  mkdirSync(none);
  const missing = await demo(['--repo', none]);
  expect(missing).toMatchObject({ code: 1, stdout: '', left: [] });
  expect(missing.stderr).toMatch(/^waggle: \S+none is not a git repository; [^\n]*\n$/);
  gitIn(none, 'init', '--quiet');
  const empty = await demo(['--repo', none]);
  expect(empty).toMatchObject({ code: 1, stdout: '', left: [] });
  expect(empty.stderr).toMatch(/^waggle: \S+none has no commits yet; [^\n]*\n$/);
  expect(readdirSync(none)).toEqual(['.git']);
});
