/**
 * The conformance suite of real harnesses (`*.conformance.ts`): it installs large programs into a cache outside the
 * project. One file after the other; every test is named in the output, those that were not run too, and the last lines say
 * what became of each harness.
 */
import { defineConfig } from 'vitest/config';
import { base, root } from './vitest.base.ts';

export default defineConfig({
  root,
  test: {
    ...base,
    include: ['test/harness/*.conformance.ts'],
    globalSetup: ['test/support/global-setup.ts', 'test/harness/summary.ts'],
    maxWorkers: 1,
    testTimeout: 120_000,
    reporters: ['verbose'],
  },
});
