/**
 * The proofs by simulation that take from many minutes to hours (`*.proof.ts`): each deliberate fault in the rules is
 * noticed, and days of busy workers are left in peace.
 */
import { defineConfig } from 'vitest/config';
import quick from './vitest.config.ts';

export default defineConfig({
  ...quick,
  test: {
    ...quick.test,
    include: ['test/simulation/*.proof.ts'],
    exclude: [],
    maxWorkers: 2,
    reporters: ['verbose'],
  },
});
