/**
 * The conformance suite of real harnesses (`*.conformance.ts`): it installs large programs into a cache outside the
 * project. One file after the other; every test is named in the output, those that were not run too.
 */
import { defineConfig } from 'vitest/config';
import quick from './vitest.config.ts';

export default defineConfig({
  ...quick,
  test: {
    ...quick.test,
    include: ['test/harness/*.conformance.ts'],
    exclude: [],
    maxWorkers: 1,
    testTimeout: 120_000,
    reporters: ['verbose'],
  },
});
