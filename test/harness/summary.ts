/**
 * What became of the suite, said once more when all is over: a line for each harness, and one for each case that did not
 * pass or did not run. The test files note their lines in a file that this hands them.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, type RunnerTestSuite } from 'vitest';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    summaryFile: string;
  }
}

/** Called by vitest, before all files; what it returns is called after the last line of its reporter. */
export function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'waggle-summary-'));
  const file = join(folder, 'lines');
  writeFileSync(file, '');
  project.provide('summaryFile', file);
  return () => {
    process.stderr.write(readFileSync(file, 'utf8'));
    rmSync(folder, { recursive: true });
  };
}

/** Notes a line. */
export function note(line: string): void {
  appendFileSync(inject('summaryFile'), `waggle: ${line}\n`);
}

/** Notes what became of a suite. */
export function noteSuite({ name, tasks }: RunnerTestSuite): void {
  const passed = tasks.filter(({ result }) => result?.state === 'pass');
  const failed = tasks.filter(({ result }) => result?.state === 'fail');
  const others = tasks.filter((one) => !passed.includes(one) && !failed.includes(one));
  note(`${name}: ${passed.length} passed, ${failed.length} failed, ${others.length} not run`);
  for (const one of failed) note(`  failed: ${one.name}`);
  for (const one of others) note(`  not run: ${one.name}`);
}
