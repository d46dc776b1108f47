/**
 * Loaded by vitest before each test file: when the file has ended, no nats-server that it started may run.
 */
import { afterAll } from 'vitest';
import { killRunning } from './running-servers.ts';

// Hooks run last registered first, so this one sees what the file's own hooks left.
afterAll(() => {
  const left = killRunning();
  if (left.length > 0)
    throw new Error(`the test file left ${left.length} nats-server(s) running: ${left.join(', ')}`);
});
