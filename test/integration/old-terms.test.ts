import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BoardClient, createBoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { serve } from '../../shared/bus/rpc.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { until } from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';

let hive: TestHive;
let swarm: Bus;
let client: BoardClient;
/** What the leader says of itself, and when it was asked. */
let term: number;
let asked: number[];
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  hive = await startHive({ isEmpty: true });
  swarm = await hive.services('swarm');
  [term, asked] = [7, []];
  const head = () => ({ v: 1 as const, term, journal_seq: 1, genesis: 'g' });
  const subject = (kind: 'query' | 'claim') => subjectsOf(project).request(kind, '*');
  const common = { refuse: () => undefined, onFault: () => undefined };
  const note = () => asked.push(performance.now());
  const endpoints = [
    serve(swarm, subject('query'), {
      ...common,
      request: 'Query',
      answer: 'QueryAnswer',
      handle({ answer }) {
        note();
        answer({ ...head(), kind: 'refused', code: 'unknown-task', message: 'no such task' });
      },
    }),
    serve(swarm, subject('claim'), {
      ...common,
      request: 'Claim',
      answer: 'ClaimAnswer',
      handle({ answer }) {
        note();
        answer({ ...head(), kind: 'nothing' });
      },
    }),
  ];
  stops.push(...endpoints.map(({ stop }) => stop));
  await swarm.flush();
  const agent = await hive.connect('w1');
  client = createBoardClient({ swarm: agent, project, agent: 'w1', clock: systemClock, timeoutMs: 500 });
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await hive.stop();
});

const query = () => client.query<'counts'>({ v: 1, kind: 'counts' });

test('a query that only an old leader answers ends at its deadline, asked a few times', async () => {
  await expect(query()).rejects.toMatchObject({ code: 'refused' });
  term = 6;
  const before = performance.now();
  await expect(query()).rejects.toMatchObject({ code: 'bus-timeout' });
  expect(performance.now() - before).toBeLessThan(10_000);
  expect(asked.length).toBeLessThan(6);
  term = 8;
  await expect(query()).rejects.toMatchObject({ code: 'refused' });
});

test('a claim that an old leader answers is asked again at a modest pace, until a newer one answers', async () => {
  const claimer = await hive.claimer('w2');
  const claim = { holds: [], signal: AbortSignal.timeout(30_000) };
  await claimer.next(claim);
  term = 6;
  const answer = claimer.next(claim);
  await until('it asks again', () => asked.length === 3);
  term = 8;
  expect(await answer).toMatchObject({ kind: 'nothing', term: 8 });
  const [, second = 0, third = 0] = asked;
  expect(third - second).toBeGreaterThan(900);
});
