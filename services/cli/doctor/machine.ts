/**
 * What this machine must have: Node, git, a nats-server where none is named, room on its disks.
 */
import { statfs } from 'node:fs/promises';
import { findNatsServer } from '../../../infra/nats/binary.ts';
import { formatNatsVersion, knowsSyncAlways } from '../../../infra/nats/version.ts';
import { gitVersion } from '../../../shared/git/repository.ts';
import type { Variables } from '../../../shared/service/context.ts';
import { type Check, type Finding, fail, look, pass, skip, warn } from './report.ts';

const OLDEST_NODE = '20.19.0';
const OLDEST_GIT = '2.34.0';
const GIB = 1024 ** 3;
const WARN_BYTES = GIB;
const FAIL_BYTES = GIB / 10;

/** `folders`: whose disks need room, by what they are called. */
export function machineChecks(
  variables: Variables,
  folders: ReadonlyMap<string, string>,
): Promise<readonly Check[]> {
  return Promise.all([
    look('machine', 'node', () => atLeast('Node', process.versions.node, OLDEST_NODE)),
    look('machine', 'git', async () => atLeast('git', await gitVersion(), OLDEST_GIT)),
    look('machine', 'nats-server', () => natsServer(variables)),
    ...[...folders].map(([name, folder]) => look('machine', `disk ${name}`, () => disk(folder))),
  ]);
}

function atLeast(program: string, version: string, oldest: string): Finding {
  return compareVersions(version, oldest) >= 0
    ? pass(version)
    : fail(`${program} ${version} is older than ${oldest}; install a newer one`, version);
}

/** Below zero when `a` is older; only numbers count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => (text.match(/\d+/g) ?? []).map(Number));
  for (let n = 0; n < 3; n += 1) {
    const difference = (left?.[n] ?? 0) - (right?.[n] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

async function natsServer(variables: Variables): Promise<Finding> {
  const found = await findNatsServer({ env: variables });
  if (found !== undefined) {
    const promise = knowsSyncAlways(found.version) ? 'power-loss-safe' : 'kill-safe only, 2.10 can more';
    return pass(`${formatNatsVersion(found.version)} at ${found.path} (${promise})`);
  }
  if ((variables['WAGGLE_NATS_URL'] ?? '') !== '') return skip('none here; WAGGLE_NATS_URL names a bus');
  return fail('no nats-server on PATH or in the usual folders; install one, or name it with NATS_SERVER');
}

async function disk(folder: string): Promise<Finding> {
  const stats = await statfs(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (stats === undefined) return skip(`${folder} does not exist`);
  const { bavail, bsize } = stats;
  const free = bavail * bsize;
  const shown = `${(free / GIB).toFixed(1)} GiB free (${folder})`;
  if (free < FAIL_BYTES) return fail('less than 100 MiB are free: the bus and git stop writing soon', shown);
  return free < WARN_BYTES ? warn('less than 1 GiB is free', shown) : pass(shown);
}
