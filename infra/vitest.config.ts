/**
 * Settings of the test runner: where tests are, and what stands around each file of them. Files named
 * `*.long.test.ts` run with `npm run test:long`.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.long.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/leak-check.ts'],
    // Most tests wait for processes of their own, so there may be more files at once than cores.
    maxWorkers: 4,
    // A process for each file would cost more than most files; what a file leaves running is checked.
    isolate: false,
    // Patience, not a measure: what must be quick is bounded where it is tested.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default'],
    passWithNoTests: false,
  },
});
