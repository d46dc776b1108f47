/**
 * Settings of the quick tests. Files named `*.long.test.ts` run with `npm run test:long`. The half minute of chaos comes
 * after all others and alone: it is a swarm of fourteen services, and would take the others' time as they would its own.
 */
import { defineConfig } from 'vitest/config';
import { base, root } from './vitest.base.ts';

const CHAOS = 'test/chaos/chaos.test.ts';

export default defineConfig({
  root,
  test: {
    reporters: ['default'],
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: {
          ...base,
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.long.test.ts', CHAOS],
          // Most tests wait for processes of their own, so there may be more files at once than cores.
          maxWorkers: 4,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { ...base, name: 'chaos', include: [CHAOS], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
