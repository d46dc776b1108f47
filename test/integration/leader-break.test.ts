import { expect, test } from 'vitest';
import type { Command, CommandAnswer } from '../../schemas/index.ts';
import { runOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { createBoardClient } from '../../shared/bus/board-client.ts';
import { encode } from '../../shared/bus/codec.ts';
import { connectSimulated } from '../../shared/bus/simulated/connect.ts';
import { steadyHost } from '../../shared/bus/simulated/host.ts';
import { HostClock } from '../../shared/bus/simulated/host-clock.ts';
import { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { silentLog } from '../../shared/log.ts';
import { simulatedBench } from '../support/simulated-bus.ts';

const project = 'p';

test('a person who was there while the leader’s connection was away keeps their name', async () => {
  const { timeline, server, pass } = simulatedBench();
  const connect = (name: string, account: 'core' | 'swarm' = 'swarm') => {
    const host = steadyHost(name);
    const { bus, link } = connectSimulated({ server, account, host, silentMs: 5_000 });
    return { bus, link, clock: new HostClock(timeline, host) };
  };
  const over = new AbortController();
  const terms: number[] = [];
  const leader = connect('leader');
  const leading = runOrchestrator(
    {
      core: connect('leader', 'core').bus,
      swarm: leader.bus,
      project,
      identity: 'leader',
      clock: leader.clock,
      randomId: new SeededRandom('leader').id,
      log: silentLog,
      // So that the lead outlasts the break: usually it is given up sooner, and the next leader knows that it knows little.
      electionLeaseMs: 300_000,
      onLeading: (term) => terms.push(term),
    },
    over.signal,
  );
  const { bus, clock } = connect('ann');
  const register = async (id: string, identity: string): Promise<CommandAnswer['status'] | undefined> => {
    const client = createBoardClient({ swarm: bus, project, agent: 'ann', clock });
    const command: Command = { v: 1, kind: 'register', id, identity };
    let status: CommandAnswer['status'] | undefined;
    void client.command(command).then((answer) => {
      status = answer.status;
    });
    await pass(3_000);
    return status;
  };
  await pass(5_000);
  expect(await register('r-1', 'the first')).toBe('ok');
  leader.link.cut();
  // She is seen every ten seconds, by everybody but the leader.
  const presence = encode('Presence', { v: 1, kind: 'presence', via: 'watch' });
  for (let n = 0; n < 9; n += 1) {
    bus.publish(subjectsOf(project).presence('ann'), presence.payload, presence.headers);
    await pass(10_000);
  }
  leader.link.heal();
  await pass(1_000);
  expect([await register('r-2', 'another'), terms]).toEqual(['refused', [1]]);
  await pass(61_000);
  expect(await register('r-3', 'another')).toBe('ok');
  over.abort();
  await pass(10_000);
  await leading;
});
