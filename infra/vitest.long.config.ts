/**
 * The tests that take long (`*.long.test.ts`): git homes of every kind, whole runs in unusual circumstances. One file
 * after the other: some hold swarms of real processes to bounds of seconds.
 */
import { defineConfig } from 'vitest/config';
import quick from './vitest.config.ts';

export default defineConfig({
  ...quick,
  test: { ...quick.test, include: ['test/**/*.long.test.ts'], exclude: [], maxWorkers: 1 },
});
