/**
 * The tests that take long (`*.long.test.ts`): git homes of every kind, whole runs in unusual circumstances. One file
 * after the other: some hold swarms of real processes to bounds of seconds.
 */
import { defineConfig } from 'vitest/config';
import { base, root } from './vitest.base.ts';

export default defineConfig({
  root,
  test: { ...base, include: ['test/**/*.long.test.ts'], maxWorkers: 1 },
});
