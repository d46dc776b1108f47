import { expect, test } from 'vitest';
import { durability } from '../../../../../services/cli/doctor/bus.ts';
import { compareVersions } from '../../../../../services/cli/doctor/machine.ts';
import {
  doctorReport,
  fail,
  findingOf,
  look,
  pass,
  skip,
  warn,
} from '../../../../../services/cli/doctor/report.ts';
import { readServerWord } from '../../../../../services/cli/server-word.ts';

test('a report counts its checks and says when', async () => {
  const checks = await Promise.all(
    [pass('1'), pass('2'), warn('3'), fail('4'), skip('5')].map((found, n) =>
      look('bus', `check ${n}`, () => found),
    ),
  );
  const report = doctorReport(checks, 0);
  expect(report.summary).toEqual({ total: 5, passed: 2, warnings: 1, failed: 1, skipped: 1 });
  expect(report.checked_at).toBe('1970-01-01T00:00:00.000Z');
  expect(report.checks[3]).toEqual({ category: 'bus', name: 'check 3', status: 'fail', error: '4' });
});

test('a look that throws is a failed check with its reason', async () => {
  const check = await look('machine', 'git', () => Promise.reject(new Error('no git')));
  expect(check).toEqual({ category: 'machine', name: 'git', status: 'fail', error: 'no git' });
});

test('several faults are one finding: the worst first, each way to mend once, and no more than a person reads', () => {
  expect(findingOf([], 'all is well')).toEqual(pass('all is well'));
  const faults = ['a', 'b', 'c'].map((error, n) => {
    const status = n === 1 ? ('fail' as const) : ('warn' as const);
    return { status, error, mend: n === 2 ? 'another' : 'the same' };
  });
  expect(findingOf(faults, 'seen')).toEqual(fail('b; a; c', 'seen', 'the same; another'));
  const many = Array.from({ length: 12 }, (_, n) => ({ status: 'warn' as const, error: `${n}`, mend: 'm' }));
  expect(findingOf(many, 'seen').error).toMatch(/; 9; and 2 more$/);
});

test('versions compare number by number', () => {
  expect(compareVersions('2.9.10', '2.10.0')).toBeLessThan(0);
  expect(compareVersions('2.34', '2.34.0')).toBe(0);
  expect(compareVersions('2.39.5 (Apple Git-154)', '2.34.0')).toBeGreaterThan(0);
});

const word = (config?: object, meta?: object) =>
  durability({ word: readServerWord({ data: { version: '2.10.27', jetstream: { config, meta } } }) });

test('durability is what the server says of itself', () => {
  expect(word({ sync_always: true }).details).toMatch(/^power-loss-safe/);
  expect(word({ sync_interval: 120 }).details).toMatch(/^kill-safe/);
  expect(word({ sync_always: true }, { cluster_size: 3 }).details).toContain('a cluster of 3');
});

test('a server that says nothing, or cannot be asked, is unknown and never called safe', () => {
  expect(word()).toMatchObject({ status: 'warn', error: expect.stringContaining('unknown') });
  expect(durability({ unknown: 'no login' })).toMatchObject({ status: 'warn', error: 'unknown: no login' });
  expect(readServerWord('nonsense')).toEqual({ version: 'unknown' });
});
