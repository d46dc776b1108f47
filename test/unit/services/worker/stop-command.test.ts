import { afterAll, describe, expect, test } from 'vitest';
import { askCommand, meets } from '../../../../services/worker/stop-command.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { QuantitativeStop } from '../../../../shared/config/stop-rules.ts';
import { silentLog } from '../../../../shared/log.ts';
import { keptLog } from '../../../support/kept-log.ts';
import { temporaryFolder } from '../../../support/repository.ts';

const rule = (more: Partial<QuantitativeStop>): QuantitativeStop => ({
  run: 'true',
  every: 1,
  when: 'before',
  invert: false,
  stdout: 'any',
  stderr: 'any',
  decision: 'stop',
  timeoutMs: 10_000,
  ...more,
});
const end = { exitCode: 0, stdout: 'open: 0\n', stderr: '' };

describe('the criteria', () => {
  test.each<[string, Partial<QuantitativeStop>, boolean]>([
    ['an exit code that is named', { exitCodes: [0, 3] }, true],
    ['one that is not', { exitCodes: [3] }, false],
    ['inverted: one that is not', { exitCodes: [3], invert: true }, true],
    ['inverted: one that is', { exitCodes: [0], invert: true }, false],
    ['something on standard output', { stdout: 'nonempty' }, true],
    ['nothing on standard output', { stdout: 'empty' }, false],
    ['nothing on standard error', { stderr: 'empty' }, true],
    ['something on standard error', { stderr: 'nonempty' }, false],
    ['a line that matches', { stdoutMatches: /^open: 0$/m }, true],
    ['no line that matches', { stdoutMatches: /^open: 1/ }, false],
    ['a match on the wrong stream', { stderrMatches: /open/ }, false],
    ['all of several', { exitCodes: [0], stdout: 'nonempty', stderr: 'empty' }, true],
    ['all but one of several', { exitCodes: [0], stdout: 'nonempty', stderr: 'nonempty' }, false],
  ])('%s', (_, more, is) => {
    expect(meets(rule(more), end)).toBe(is);
  });
});

describe('the command', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());
  const ask = (more: Partial<QuantitativeStop>, log = silentLog) =>
    askCommand(
      rule(more),
      { folder: folder.path, environment: process.env, clock: systemClock, log },
      new AbortController().signal,
    );

  test('runs in the folder, as a line for the shell or as an argument vector', async () => {
    expect(await ask({ run: `test "$(pwd -P)" = "$(cd '${folder.path}' && pwd -P)"`, exitCodes: [0] })).toBe(
      true,
    );
    expect(await ask({ run: ['sh', '-c', 'exit 4'], exitCodes: [4] })).toBe(true);
  });

  test('may write more than a pipe holds on both streams', async () => {
    const flood = 'for i in 1 2 3; do head -c 200000 /dev/zero; head -c 200000 /dev/zero >&2; done; echo end';
    expect(await ask({ run: flood, stdout: 'nonempty', stderr: 'nonempty' })).toBe(true);
  });

  test('decides nothing when it does not end in time, or cannot be run; that is said', async () => {
    const log = keptLog();
    expect(await ask({ run: 'sleep 60', timeoutMs: 100 }, log)).toBe(undefined);
    expect(await ask({ run: ['no-such-command'] }, log)).toBe(undefined);
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
  });
});
