/**
 * The proofs by simulation that take from many minutes to hours (`*.proof.ts`): each deliberate fault in the rules is
 * noticed, and days of busy workers are left in peace.
 */
import { defineConfig } from 'vitest/config';
import { base, root } from './vitest.base.ts';

export default defineConfig({
  root,
  test: {
    ...base,
    include: ['test/simulation/*.proof.ts'],
    maxWorkers: 2,
    reporters: ['verbose'],
  },
});
