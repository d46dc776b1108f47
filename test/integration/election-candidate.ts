/**
 * A candidate in a process of its own, for tests that stop and kill it: `node --import tsx election-candidate.ts
 * <JSON>`. Says on standard output `elected`, `lost <why>`, and `act` every few milliseconds while it may.
 */
import { campaign } from '../../shared/bus/election.ts';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import type { Login } from '../support/nats-server.ts';

export interface CandidateProcessOptions {
  readonly login: Login;
  readonly project: string;
  readonly identity: string;
  readonly leaseMs: number;
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const { login, project, identity, leaseMs } = JSON.parse(process.argv[2] ?? '{}') as CandidateProcessOptions;
const end = new AbortController();
process.once('SIGTERM', () => end.abort());
const core = await connectBus({
  account: 'core',
  urls: [login.url],
  user: login.user,
  password: login.password,
  name: identity,
  inboxPrefix: `_INBOX.${randomId(8)}`,
  log: silentLog,
  clock: systemClock,
});
const options = { core, project, role: 'orchestrator', identity, clock: systemClock, randomId } as const;
await campaign(
  { ...options, leaseMs: () => leaseMs, log: silentLog },
  async (signal, isHeld) => {
    say('elected');
    signal.addEventListener('abort', () => say(`lost ${(signal.reason as Error).message}`));
    while (!signal.aborted) {
      // As whoever leads acts: only where the lead is still its own.
      if (isHeld()) say('act');
      await systemClock.sleep(5);
    }
  },
  end.signal,
);
await core.close();
