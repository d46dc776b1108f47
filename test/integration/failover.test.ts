import { afterEach, expect, test } from 'vitest';
import type { Batch } from '../../schemas/index.ts';
import { FORMAT } from '../../shared/board/format.ts';
import { decode, encode } from '../../shared/bus/codec.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { add, grantOf, plain, stateOf, until } from '../support/asking.ts';
import { keptLog } from '../support/kept-log.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { endAll, startOrchestratorProcess } from '../support/running-orchestrators.ts';

const subjects = subjectsOf(project);
let hive: TestHive;
afterEach(async () => {
  await endAll();
  await hive.stop();
});

test('a leader killed with -9: the standby has served reads meanwhile, and the next grant comes', async () => {
  const log = keptLog();
  hive = await startHive({ isEmpty: true, log });
  const leader = startOrchestratorProcess(hive.server);
  await leader.leads();
  const standby = await hive.addOrchestrator();
  await until('it stands by', () => log.lines.some(({ message }) => message === 'standing by'));
  await hive.configure({ roles: { operator: 'operator' } });
  const client = await hive.client('operator');
  const claimer = await hive.claimer('w1');
  const waiting = claimer.next({ holds: [], signal: new AbortController().signal });
  await until('the claim waits', async () => {
    const { waiting: counts, leader: name } = await client.query<'status'>({ v: 1, kind: 'status' });
    return counts.task === 1 && name.startsWith('process-');
  });
  const reader = createReader(await hive.connect('r1'), project, 'r1');
  leader.signal('SIGKILL');
  const killedAt = performance.now();
  await leader.ended();
  expect((await reader.mail({ after: 0 })).mails).toBeDefined();
  const adding = add(client, plain('after'));
  const answer = await waiting;
  // However busy the machine; `npm run recovery` holds it to 3 s.
  expect(performance.now() - killedAt).toBeLessThan(10_000);
  await adding;
  expect(grantOf(answer).task).toBe('after');
  expect([answer.term, standby.terms]).toEqual([2, [2]]);
});

test('an orchestrator that leaves in good order hands over at once', async () => {
  hive = await startHive({ more: { electionLeaseMs: 12_000 } });
  const second = await hive.addOrchestrator();
  const client = await hive.client('operator');
  await add(client, plain('before'));
  const leftAt = performance.now();
  await hive.stopOrchestrator();
  await until('the second leads', () => second.terms.length > 0);
  expect(performance.now() - leftAt).toBeLessThan(9_000);
  expect(await stateOf(client, 'before')).toBe('open');
});

/** Appends by hand what no leader of this version writes. */
async function appendByHand(events: unknown[]): Promise<void> {
  const core = await hive.services('core');
  const stored = await core.streams.get(`WG_${project}_JOURNAL`, { lastBySubject: subjects.journal });
  if (stored === undefined) throw new Error('the journal is empty');
  const last = decode('Batch', stored);
  const batch = { ...last, id: 'by-hand', predecessor: last.id, events } as Batch;
  const { payload, headers } = encode('Batch', batch);
  await core.append(subjects.journal, payload, { expectLastSeq: stored.seq, headers });
}

test.each([
  [
    'in a newer format',
    [{ type: 'format', format: FORMAT + 1, by: 'op' }],
    { code: 'journal-newer', message: expect.stringContaining(`format ${FORMAT + 1}`) },
  ],
])(
  'on a journal %s neither leader, standby nor a fresh one leads; they say why once, and serve reads',
  async (_, events, why) => {
    const log = keptLog();
    hive = await startHive({ log });
    const standby = await hive.addOrchestrator();
    await appendByHand(events);
    const client = await hive.client('operator');
    // The leader notices with its next batch, the standby by itself.
    const over = new AbortController();
    const adding = client.command({ v: 1, kind: 'add', id: 'a', tasks: [plain('a')] }, over.signal);
    adding.catch(() => undefined);
    await until('the standby says why', () => standby.unfit.length > 0);
    const fresh = await hive.addOrchestrator();
    await until('the fresh one says why', () => fresh.unfit.length > 0);
    for (const one of [standby, fresh]) {
      expect(one.unfit[0]).toMatchObject(why);
      expect(one.terms).toEqual([]);
    }
    const said = () => log.lines.filter(({ message }) => message === 'this orchestrator does not lead');
    await until('all three say so', () => said().length === 3);
    await until('the standby looks again', () => standby.unfit.length > 1);
    expect(said()).toHaveLength(3);
    const reader = createReader(await hive.connect('r1'), project, 'r1');
    expect(await reader.beats()).toMatchObject({ kind: 'beats' });
    // Nobody of them keeps the lead from one that may.
    const core = await hive.services('core');
    const key = await core.streams.get(`KV_WG_LEADERS_${project}`, {
      lastBySubject: `$KV.WG_LEADERS_${project}.orchestrator`,
    });
    expect(JSON.parse(Buffer.from(key?.payload ?? []).toString())).toMatchObject({ released: true });
    over.abort();
  },
);
