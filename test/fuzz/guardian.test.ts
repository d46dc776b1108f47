/**
 * The program as it is run: what it prints and how it ends, also when an input ends its process or keeps it for ever.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Finding } from './finding.ts';
import { runGuarded } from './guardian.ts';
import { optionsOf } from './options.ts';
import { targets } from './targets.ts';

const program = fileURLToPath(new URL('../../dist/test/fuzz/main.js', import.meta.url));

const run = (...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });

describe('npm run fuzz', () => {
  test('names its targets', async () => {
    const { code, stdout } = await run('--list', '--json');
    expect(code).toBe(0);
    const named = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { name: string }).name);
    expect(named).toEqual(targets.map(({ name }) => name));
  });

  test.each([
    [['--target', 'no-such-target']],
    [['--minutes', 'x']],
    [['--minutes', '0']],
    [['--number', '1']],
    [['--target', 'since', '--number', '1']],
    [['--target', 'since', '--hex', 'zz']],
    [['--bogus']],
    [['word']],
  ])('takes no %j', (args) => {
    expect(() => optionsOf(args)).toThrow();
  });

  test('ends with 2 and its usage for what it does not take', async () => {
    const { code, stderr } = await run('--bogus');
    expect(code).toBe(2);
    expect(stderr).toContain('usage: npm run fuzz');
  });

  test('ends with 0 where nothing is found, and says how much was tried', async () => {
    const { code, stdout } = await run('--target', 'sizes', '--minutes', '0.005', '--seed', 's', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ seed: 's', targets: 1, findings: 0 });
  });

  test('tries one input again', async () => {
    expect((await run('--target', 'bus-url', '--hex', '6e6174733a2f2f254068')).code).toBe(0);
  });
});

/** A process that says at which input it is, and then does what it is told for the first target. */
const worker = (deed: string) => `
  const { writeFileSync } = require('node:fs');
  const at = (name) => process.argv[process.argv.indexOf(name) + 1];
  writeFileSync(at('--progress'), at('--target') + ' 7'.padEnd(60));
  if (at('--target') === 'first') { ${deed} }
`;

describe('an input that no handler sees the end of', () => {
  const guarded = async (deed: string, stallMs = 60_000) => {
    const findings: Finding[] = [];
    const code = await runGuarded({
      argv: ['-e', worker(deed), '--'],
      targets: ['first', 'second'],
      seed: 's',
      minutes: 0.1,
      onFinding: (finding) => findings.push(finding),
      stallMs,
    });
    return { code, findings };
  };

  test('is named when it ended the process, and the other targets still have their turn', async () => {
    const { code, findings } = await guarded("process.kill(process.pid, 'SIGABRT'); for (;;);");
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ target: 'first', number: 7, fault: 'crash', seed: 's' }]);
  });

  test('is named when it keeps the process', async () => {
    const { code, findings } = await guarded('for (;;);', 4_000);
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ target: 'first', number: 7, fault: 'hang' }]);
  });

  test('and there is none where there is none', async () => {
    expect(await guarded('')).toEqual({ code: 0, findings: [] });
  });
});
