/**
 * A committer in a process of its own, for tests that kill or stop it: `node --import tsx committer-process.ts <JSON>`.
 * Ends as the service does, on SIGTERM. At the step named it writes `<step> <fence>` to the file `at` and stands still
 * (the whole process does, so that nothing reaches it) until the file `go` is there.
 */
import { existsSync, writeFileSync } from 'node:fs';
import type { Step } from '../../services/committer/commit-steps.ts';
import { runCommitter } from '../../services/committer/committer.ts';
import { tryDecode } from '../../shared/bus/codec.ts';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { createLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import type { Login } from './nats-server.ts';

export interface CommitterProcessOptions {
  readonly login: Login;
  readonly project: string;
  readonly agent: string;
  readonly stateDir: string;
  readonly lanes?: readonly string[];
  readonly drainMs?: number;
  /** Hears nothing of its grants' ends: what it does late, it does unwarned. */
  readonly deaf?: boolean;
  readonly pause?: { readonly step: Step; readonly at: string; readonly go: string };
}

const options = JSON.parse(process.argv[2] ?? '{}') as CommitterProcessOptions;
const { login, project, agent, stateDir, lanes, pause, deaf = false, drainMs = 5_000 } = options;
const log = createLog('committer', 'info');
const end = new AbortController();
process.once('SIGTERM', () => end.abort());
const connected = await connectBus({
  account: 'swarm',
  urls: [login.url],
  user: login.user,
  password: login.password,
  name: agent,
  inboxPrefix: subjectsOf(project).inbox(agent, randomId(8)),
  log,
  clock: systemClock,
});
const swarm = deaf ? deafened(connected) : connected;

function deafened(bus: Bus): Bus {
  const control = subjectsOf(project).request('control', agent);
  return {
    ...bus,
    subscribe: (subject, more) => bus.subscribe(subject === control ? `${control}.unheard` : subject, more),
    async request(subject, payload, more) {
      const query = tryDecode('Query', { payload, headers: more.headers ?? {} });
      if (query.ok && query.value.kind === 'grants') throw new Error('deaf');
      return bus.request(subject, payload, more);
    },
  };
}

const cell = new Int32Array(new SharedArrayBuffer(4));
function standStill(step: Step, fence: number): void {
  if (pause?.step !== step || existsSync(pause.go)) return;
  writeFileSync(pause.at, `${step} ${fence}\n`);
  while (!existsSync(pause.go)) Atomics.wait(cell, 0, 0, 5);
}

await runCommitter(
  {
    swarm,
    project,
    agent,
    stateDir,
    ...(lanes === undefined ? {} : { lanes }),
    environment: process.env,
    os: 'linux',
    pid: process.pid,
    version: 'test',
    drainMs,
    clock: systemClock,
    randomId,
    log,
    onStep: (step, grant) => standStill(step, grant.fence),
  },
  end.signal,
);
await swarm.close();
