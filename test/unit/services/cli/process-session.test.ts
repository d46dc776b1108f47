import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../../dist/services/cli/fmail.js', import.meta.url));
const FULL = '/dev/full';

test.skipIf(!existsSync(FULL))('output that cannot be written is told in one line, and is a failure', () => {
  const full = openSync(FULL, 'w');
  try {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, '--help'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^Error: cannot write the output: ENOSPC: .*\n$/),
    ]);
  } finally {
    closeSync(full);
  }
});

test('a reader that has seen enough is no failure', () => {
  const script = `"$0" "$1" --help | head -c 1; echo " $?"`;
  const { stdout, stderr } = spawnSync('sh', ['-c', script, process.execPath, SCRIPT], { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual(['M 0\n', '']);
});
