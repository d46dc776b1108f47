/**
 * A worker in a process of its own, for tests that kill it: `node --import tsx worker-process.ts <JSON>`. Ends as
 * the service does, on SIGTERM.
 */
import { runWorker } from '../../services/worker/worker.ts';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { commandProfile } from '../../shared/harness/profile.ts';
import { createLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import type { Login } from './nats-server.ts';

export interface WorkerProcessOptions {
  readonly login: Login;
  readonly project: string;
  readonly agent: string;
  readonly stateDir: string;
  readonly command: readonly string[];
  /** Default 500. */
  readonly graceMs?: number;
  readonly checkpointMs?: number;
  /** Default `fatal`. */
  readonly logLevel?: string;
}

const {
  login,
  project,
  agent,
  stateDir,
  command,
  graceMs = 500,
  checkpointMs = 0,
  logLevel = 'fatal',
} = JSON.parse(process.argv[2] ?? '{}') as WorkerProcessOptions;
const log = createLog('worker', logLevel);
const end = new AbortController();
process.once('SIGTERM', () => end.abort());
const swarm = await connectBus({
  account: 'swarm',
  urls: [login.url],
  user: login.user,
  password: login.password,
  name: agent,
  inboxPrefix: subjectsOf(project).inbox(agent, randomId(8)),
  log,
  clock: systemClock,
});
await runWorker(
  {
    swarm,
    project,
    agent,
    stateDir,
    profiles: new Map([['default', commandProfile({ command, graceMs })]]),
    checkpointMs,
    os: 'linux',
    environment: process.env,
    pid: process.pid,
    version: 'test',
    drainMs: 5_000,
    clock: systemClock,
    randomId,
    log,
  },
  end.signal,
);
await swarm.close();
