/**
 * What every harness must do with tasks, driven as the real program by a real worker. A program that cannot be installed
 * is named as not run, and so is every case that one cannot pass, with the reason.
 */
import { afterAll, describe, type RunnerTestSuite, test } from 'vitest';
import { continuousCases } from './continuous-cases.ts';
import type { Harness, Installed } from './harness.ts';
import { install } from './install.ts';
import { recordingCases } from './recording-cases.ts';
import { taskCases } from './task-cases.ts';
import { troubleCases } from './trouble-cases.ts';
import { wordCases } from './word-cases.ts';

/** Registers the suite for one harness; installs it first. */
export async function testHarness(harness: Harness): Promise<void> {
  const found = await install(harness.package);
  if (found.kind === 'absent') {
    process.stderr.write(`waggle: NOT RUN: ${harness.title}: ${found.reason}\n`);
    test.skip(`${harness.title} was not run: ${found.reason}`, () => undefined);
    return;
  }
  const { program, version } = found;
  const installed: Installed = { harness, program, version };
  describe(`${harness.title} ${version}`, () => {
    // biome-ignore lint/correctness/noEmptyPattern: the runner looks for fixtures there
    afterAll(({}, suite) => tellOf(suite as RunnerTestSuite));
    taskCases(installed);
    troubleCases(installed);
    wordCases(installed);
    continuousCases(installed);
    recordingCases(installed);
  });
}

/** A line for a harness, and one for each case that did not pass. */
function tellOf({ name, tasks }: RunnerTestSuite): void {
  const passed = tasks.filter(({ result }) => result?.state === 'pass');
  const failed = tasks.filter(({ result }) => result?.state === 'fail');
  const others = tasks.filter((one) => !passed.includes(one) && !failed.includes(one));
  const counts = `${passed.length} passed, ${failed.length} failed, ${others.length} not run`;
  const lines = [
    `${name}: ${counts}`,
    ...failed.map((one) => `  failed: ${one.name}`),
    ...others.map((one) => `  not run: ${one.name}`),
  ];
  process.stderr.write(lines.map((line) => `waggle: ${line}\n`).join(''));
}
