import { afterEach, expect, test } from 'vitest';
import type { Event } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { encode, tryDecode } from '../../shared/bus/codec.ts';
import type { Delivery } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import {
  add,
  claimBy,
  done,
  eventsOf,
  grantOf,
  plain,
  sendClaim,
  stateOf,
  until,
} from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { endAll, startOrchestratorProcess } from '../support/running-orchestrators.ts';

const subjects = subjectsOf(project);
let hive: TestHive;
afterEach(async () => {
  await endAll();
  await hive.stop();
});

/** Agents that take a task, work on it for a while, and report it with their next claim. */
async function claimants(of: TestHive, names: readonly string[], workMs: number) {
  const over = new AbortController();
  const held = new Map<string, number>();
  const doubles: string[] = [];
  const grants: { task: string; at: number }[] = [];
  const work = async (agent: string) => {
    const claimer = await of.claimer(agent);
    let report = {};
    while (!over.signal.aborted) {
      const claim = { holds: [], waitMs: 5_000, signal: over.signal, ...report };
      const answer = await claimer.next(claim).catch(() => undefined);
      report = {};
      if (answer?.kind !== 'granted') continue;
      const { grant } = answer;
      if (held.has(grant.task)) doubles.push(grant.task);
      held.set(grant.task, grant.fence);
      grants.push({ task: grant.task, at: performance.now() });
      await systemClock.sleep(workMs);
      report = { report: done(grant) };
    }
  };
  const working = names.map(work);
  return {
    doubles,
    grants,
    async stop() {
      over.abort();
      await Promise.all(working);
    },
  };
}

/** The journal says of each task: granted once, closed once. */
async function expectOnce(client: BoardClient, names: readonly string[]): Promise<Event[]> {
  const events = await eventsOf(client);
  const granted = events.flatMap((event) => (event.type === 'granted' ? [event.task] : []));
  const ended = events.flatMap((event) =>
    event.type === 'grant_ended' ? [`${event.task} ${event.to}`] : [],
  );
  expect(granted.toSorted()).toEqual(names.toSorted());
  expect(ended.toSorted()).toEqual(names.map((name) => `${name} closed`).toSorted());
  return events;
}

test('a leader that was stopped past its lease answers nobody when it goes on, and stands by', async () => {
  hive = await startHive({ isEmpty: true });
  const leader = startOrchestratorProcess(hive.server);
  await leader.leads();
  const other = await hive.addOrchestrator();
  const client = await hive.client('operator');
  await hive.configure({ roles: { operator: 'operator' } });
  await add(client, plain('one'), plain('two'));
  const worker = await hive.connect('w1');
  const grant = grantOf(await sendClaim(worker, 'w1', claimBy('w1')));

  leader.signal('SIGSTOP');
  // Everything that is asked from now on lies in the stopped one's socket as well.
  const listener = await hive.services('swarm');
  const overheard: Delivery[] = [];
  const inboxes = listener.subscribe('_INBOX.>');
  const pump = (async () => {
    for await (const delivery of inboxes) overheard.push(delivery);
  })();
  await listener.flush();
  const asking = await hive.connect('asker');
  const claim = claimBy('w1', { number: 2, report: done(grant), wait_ms: 1_000 });
  const reported = until('the report is taken', () =>
    sendClaim(worker, 'w1', claim).then(
      ({ report }) => report,
      () => undefined,
    ),
  );
  for (let n = 0; n < 20; n += 1) {
    const { payload, headers } = encode('Query', { v: 1, kind: 'status' });
    await asking
      .request(subjects.request('query', 'asker'), payload, { timeoutMs: 50, headers })
      .catch(() => {});
  }
  expect(await reported).toMatchObject({ status: 'accepted' });
  await until('the other leads', () => other.terms.length > 0);
  await client.command({ v: 1, kind: 'cancel', id: 'cancel', task: 'two' });

  leader.signal('SIGCONT');
  // Its own word that it stands by: it takes the lead again once the other is gone.
  await systemClock.sleep(500);
  await other.stop();
  await until('it leads again', () => leader.terms.length === 2);
  expect(leader.terms.at(-1)).toBe(3);
  inboxes.close();
  await pump;
  const terms = overheard.flatMap(({ payload, headers }) => {
    const answers = (['QueryAnswer', 'CommandAnswer', 'ClaimAnswer'] as const).map((name) =>
      tryDecode(name, { payload, headers }),
    );
    return answers.flatMap((answer) => (answer.ok ? [answer.value.term] : [])).slice(0, 1);
  });
  expect(terms.length).toBeGreaterThan(1);
  expect(terms).not.toContain(1);
  expect([await stateOf(client, 'one'), await stateOf(client, 'two')]).toEqual(['closed', 'cancelled']);
  const events = await eventsOf(client);
  const granted = events.flatMap((event) => (event.type === 'granted' ? [event.task] : []));
  expect(granted.toSorted()).toEqual(['one', 'two']);
  expect(events.flatMap((event) => (event.type === 'led' ? [event.term] : []))).toEqual([1, 2, 3]);
});

test('leaders that vanish again and again: every task is granted once and closed once', async () => {
  hive = await startHive({ isEmpty: true });
  const orchestrators = [await hive.addOrchestrator(), await hive.addOrchestrator()];
  const client = await hive.client('operator');
  await hive.configure({ roles: { operator: 'operator' } });
  const names = Array.from({ length: 120 }, (_, n) => `t-${n}`);
  await add(client, ...names.map((id) => plain(id)));
  const swarm = await claimants(hive, ['a', 'b', 'c', 'd'], 20);
  for (let round = 1; round <= 2; round += 1) {
    const before = swarm.grants.length;
    await until('a grant of the new leader', () => swarm.grants.length > before);
    await systemClock.sleep(100);
    const at = orchestrators.findIndex(({ terms }) => terms.at(-1) === round);
    await orchestrators.splice(at, 1)[0]?.crash();
    orchestrators.push(await hive.addOrchestrator());
  }
  await until('all are closed', async () => {
    const { states } = await client.query<'counts'>({ v: 1, kind: 'counts' });
    return states['closed'] === names.length;
  });
  await swarm.stop();
  expect(swarm.doubles).toEqual([]);
  const events = await expectOnce(client, names);
  expect(events.filter(({ type }) => type === 'led').length).toBeGreaterThanOrEqual(3);
});

test('leaders killed with -9 two seconds after each first grant, through 1,000 tasks: all closed, none twice', async () => {
  hive = await startHive({ isEmpty: true });
  const orchestrators = [startOrchestratorProcess(hive.server), startOrchestratorProcess(hive.server)];
  await until('one leads', () => orchestrators.some(({ terms }) => terms.length > 0), 20_000);
  const client = await hive.client('operator');
  await hive.configure({ roles: { operator: 'operator' } });
  const names = Array.from({ length: 1_000 }, (_, n) => `t-${n}`);
  await add(client, ...names.map((id) => plain(id)));
  const swarm = await claimants(hive, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], 80);
  const failovers: number[] = [];
  const isOver = async () =>
    (await client.query<'counts'>({ v: 1, kind: 'counts' })).states['closed'] === 1_000;
  for (let killedAt: number | undefined; !(await isOver()); ) {
    const leader = orchestrators.find(({ terms }) => terms.length > 0);
    if (leader === undefined) {
      await until('one leads', () => orchestrators.some(({ terms }) => terms.length > 0), 20_000);
      continue;
    }
    const before = swarm.grants.length;
    await until('a grant, or the end', async () => swarm.grants.length > before || (await isOver()));
    if (killedAt !== undefined) failovers.push((swarm.grants[before]?.at ?? killedAt) - killedAt);
    await systemClock.sleep(2_000);
    leader.signal('SIGKILL');
    killedAt = performance.now();
    await leader.ended();
    orchestrators.splice(orchestrators.indexOf(leader), 1, startOrchestratorProcess(hive.server));
  }
  await swarm.stop();
  expect(swarm.doubles).toEqual([]);
  await expectOnce(client, names);
  expect(failovers.length).toBeGreaterThan(3);
  expect(Math.max(...failovers)).toBeLessThan(3_000);
  process.stderr.write(
    `failovers, ms: ${failovers
      .map(Math.round)
      .sort((a, b) => a - b)
      .join(' ')}\n`,
  );
});
