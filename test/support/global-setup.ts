/**
 * Before any test file, once: dist/ is built (the tests that start the commands run it) and a nats-server is
 * known, so that `npx vitest run …` works as `npm test` does.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureNatsServer } from '../../infra/nats/install.ts';
import { formatNatsVersion } from '../../infra/nats/version.ts';

const SETUP = fileURLToPath(new URL('../../infra/setup/run.mjs', import.meta.url));

/** Called by vitest. The path of the server reaches the test files as `NATS_SERVER`. */
export async function setup(): Promise<void> {
  const built = spawnSync(process.execPath, [SETUP, 'build'], { stdio: ['ignore', 2, 2] });
  // One can work on one file while another has type errors; `npm test` has refused to start by then.
  if (built.status !== 0) process.stderr.write('waggle: going on with what was built\n');
  const binary = await ensureNatsServer({ env: process.env });
  process.env['NATS_SERVER'] = binary.path;
  process.stderr.write(
    `waggle: testing with nats-server ${formatNatsVersion(binary.version)} (${binary.path})\n`,
  );
}
