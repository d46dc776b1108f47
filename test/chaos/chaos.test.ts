/**
 * Half a minute of chaos on real processes, as `npm run chaos` runs it; and its command line.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readOptions } from './options.ts';
import { type Outcome, repeatCommand } from './outcome.ts';
import { faultKinds } from './plan.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../dist/test/chaos/main.js', import.meta.url));
const SEED = '7';
const LONGEST_MS = 600_000;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const chaos = (...args: string[]): Promise<Ended> =>
  run(process.execPath, [MAIN, ...args], { timeout: LONGEST_MS, maxBuffer: 16 * 1024 * 1024 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  );

test(
  'a swarm in trouble for half a minute keeps every rule, and all is well after',
  async () => {
    const { code, stdout, stderr } = await chaos('--minutes', '0.5', '--seed', SEED, '--json');
    expect(stdout, stderr).toMatch(/^\{/);
    const outcome = JSON.parse(stdout) as Outcome;
    expect(outcome.breaches, `${stderr}\n${stdout}`).toEqual([]);
    expect(code).toBe(0);
    expect(outcome.tasks['closed']).toBeGreaterThan(10);
    expect(outcome.commits).toBeGreaterThan(10);
    // Each kind of fault took place, or is named as one for which this system has no means.
    const told = [...Object.keys(outcome.faults), ...outcome.not_run].map((text) => text.split(/[ :]/)[0]);
    expect(new Set(told)).toEqual(new Set(faultKinds));
    expect(outcome.not_checked.length).toBeGreaterThan(0);
    expect(outcome.repeat).toBe(repeatCommand(SEED, 0.5));
  },
  LONGEST_MS + 10_000,
);

describe('the command line', () => {
  test('help is printed, and nothing runs', async () => {
    const { code, stdout } = await chaos('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('--minutes M');
  });

  test('arguments that mean nothing end it with exit code 2, and it says which', async () => {
    const { code, stderr, stdout } = await chaos('--minutes', 'many');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--minutes: expected a number above 0, got many');
  });

  test.each([
    ['--minutes', '0'],
    ['--minutes', '-3'],
    ['--seed', 'a b'],
    ['--seed', ''],
    ['--colour'],
    ['word'],
  ])('%s %s is refused', (...args) => {
    expect(readOptions(args)).toHaveProperty('fault');
  });

  test('without arguments it is a minute of a drawn seed', () => {
    const none = { minutes: 1, seed: undefined, json: false, help: false, mounts: false };
    expect(readOptions([])).toEqual(none);
    expect(readOptions(['--minutes', '0.5', '--seed', 'x-1', '--json'])).toEqual({
      ...none,
      minutes: 0.5,
      seed: 'x-1',
      json: true,
    });
  });
});
