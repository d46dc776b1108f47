/**
 * A stale-takeover service in a process of its own, for tests that stop and kill it:
 * `node --import tsx taker-process.ts <JSON>`. Ends as the service does, on SIGTERM.
 */
import { runStaleTakeover } from '../../services/stale-takeover/stale-takeover.ts';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { createLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import type { Login } from './nats-server.ts';

export interface TakerProcessOptions {
  readonly core: Login;
  readonly swarm: Login;
  readonly project: string;
  readonly agent: string;
  readonly stateDir: string;
}

const { core, swarm, project, agent, stateDir } = JSON.parse(process.argv[2] ?? '{}') as TakerProcessOptions;
const log = createLog('stale-takeover', 'fatal');
const end = new AbortController();
process.once('SIGTERM', () => end.abort());
const connect = (account: 'core' | 'swarm', login: Login) =>
  connectBus({
    account,
    urls: [login.url],
    user: login.user,
    password: login.password,
    name: agent,
    inboxPrefix: subjectsOf(project).inbox(agent, randomId(8)),
    log,
    clock: systemClock,
  });
const buses = { core: await connect('core', core), swarm: await connect('swarm', swarm) };
await runStaleTakeover(
  {
    ...buses,
    project,
    agent,
    stateDir,
    pid: process.pid,
    version: 'test',
    clock: systemClock,
    randomId,
    log,
  },
  end.signal,
);
await Promise.all([buses.core.close(), buses.swarm.close()]);
