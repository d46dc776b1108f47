/**
 * What every harness must do with tasks, driven as the real program by a real worker. A program that cannot be installed
 * is named as not run, and so is every case that one cannot pass, with the reason.
 */
import { afterAll, describe, type RunnerTestSuite, test } from 'vitest';
import { continuousCases } from './continuous-cases.ts';
import type { Harness, Installed } from './harness.ts';
import { install } from './install.ts';
import { recordingCases } from './recording-cases.ts';
import { note, noteSuite } from './summary.ts';
import { taskCases } from './task-cases.ts';
import { troubleCases } from './trouble-cases.ts';
import { wordCases } from './word-cases.ts';

/** Registers the suite for one harness; installs it first. */
export async function testHarness(harness: Harness): Promise<void> {
  const found = await install(harness.package);
  if (found.kind === 'absent') {
    note(`${harness.title}: NOT RUN: ${found.reason}`);
    test.skip(`${harness.title} was not run: ${found.reason}`, () => undefined);
    return;
  }
  const { program, version } = found;
  const installed: Installed = { harness, program, version };
  describe(`${harness.title} ${version}`, () => {
    // biome-ignore lint/correctness/noEmptyPattern: the runner looks for fixtures there
    afterAll(({}, suite) => noteSuite(suite as RunnerTestSuite));
    taskCases(installed);
    troubleCases(installed);
    wordCases(installed);
    continuousCases(installed);
    recordingCases(installed);
  });
}
