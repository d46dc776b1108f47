/**
 * An orchestrator in a process of its own, for tests that kill or stop it:
 * `node --import tsx orchestrator-process.ts <JSON>`. Says `term <n>` on standard output when it leads; ends as the
 * service does, on SIGTERM.
 */
import { runOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { createLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import type { Login } from './nats-server.ts';

export interface OrchestratorProcessOptions {
  readonly core: Login;
  readonly swarm: Login;
  readonly project: string;
}

const options = JSON.parse(process.argv[2] ?? '{}') as OrchestratorProcessOptions;
const { project } = options;
const log = createLog('orchestrator', 'fatal');
const end = new AbortController();
process.once('SIGTERM', () => end.abort());

const connect = (account: 'core' | 'swarm') =>
  connectBus({
    account,
    urls: [options[account].url],
    user: options[account].user,
    password: options[account].password,
    name: 'orchestrator',
    inboxPrefix: subjectsOf(project).inbox('orchestrator', randomId(8)),
    log,
    clock: systemClock,
  });
const [core, swarm] = [await connect('core'), await connect('swarm')];
await runOrchestrator(
  {
    core,
    swarm,
    project,
    identity: `process-${process.pid}-${randomId(6)}`,
    clock: systemClock,
    randomId,
    log,
    onLeading: (term) => process.stdout.write(`term ${term}\n`),
  },
  end.signal,
);
await Promise.all([core.close(), swarm.close()]);
