import { mkdirSync, rmdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runLedger } from '../../../../services/worker/run-ledger.ts';
import { OUTPUT_LOG_BYTES } from '../../../../shared/harness/output-log.ts';
import type { LedgerRun } from '../../../../shared/ledger/entry.ts';
import { keptLog } from '../../../support/kept-log.ts';
import { temporaryFolder } from '../../../support/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const run: LedgerRun = {
  runId: 'r',
  outcome: 'completed',
  profile: 'p',
  promptSource: 'base',
  promptOverride: false,
  startedAt: 0,
  task: 't',
  fence: 1,
  tail: 'the tail of the report',
};

/** What the ledger is given of a run with that output, and what is said about it. */
async function noted(write: (file: string) => void): Promise<{ tail: string | undefined; said: string[] }> {
  const outputFile = join(folder.path, 'output.log');
  write(outputFile);
  const log = keptLog();
  let tail: string | undefined;
  const ledger = {
    append: async (given: LedgerRun) => {
      tail = given.tail;
    },
  };
  await runLedger(ledger, log).note({ run, outputFile });
  return { tail, said: log.lines.map(({ message }) => message) };
}

test('a ledger is given the raw output', async () => {
  const line = 'x'.repeat(5_000);
  expect(await noted((file) => writeFileSync(file, `${line}\nend\n`))).toEqual({
    tail: `${line}\nend\n`,
    said: [],
  });
});

test('of much output it is given the end, from the start of a line', async () => {
  const output = Array.from({ length: 50_000 }, (_, at) => `line ${at}\n`).join('');
  const { tail = '' } = await noted((file) => writeFileSync(file, output));
  expect(output.endsWith(tail)).toBe(true);
  expect(tail).toMatch(/^line \d+\n/);
  expect(output.charAt(output.length - tail.length - 1)).toBe('\n');
  expect(tail.length).toBeGreaterThan(256 * 1024 - 20);
  expect(tail.length).toBeLessThanOrEqual(256 * 1024);
});

test('the tail of the report does where the end of the output is in no file', async () => {
  expect(await noted(() => undefined)).toEqual({ tail: run.tail, said: [] });
  expect(await noted((file) => mkdirSync(file))).toEqual({
    tail: run.tail,
    said: ['the output of a run could not be read'],
  });
  const full = await noted((file) => {
    rmdirSync(file);
    writeFileSync(file, 'the beginning\n');
    truncateSync(file, OUTPUT_LOG_BYTES + 50);
  });
  expect(full).toEqual({ tail: run.tail, said: [] });
});
