/**
 * What all settings of the test runner share: what stands around each file of tests.
 */
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export const base = {
  globalSetup: ['test/support/global-setup.ts'],
  setupFiles: ['test/support/jitter.ts', 'test/support/leak-check.ts', 'test/support/property-seed.ts'],
  // A process for each file would cost more than most files; what a file leaves running is checked.
  isolate: false,
  // Patience, not a measure: what must be quick is bounded where it is tested.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  passWithNoTests: false,
};
