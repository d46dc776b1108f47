/**
 * What tests of damaged journals stand on: a hive, batches that somebody else appends, what everybody then says, and the
 * way on that doctor names.
 */
import { afterEach, beforeEach, expect } from 'vitest';
import type { Batch, Event } from '../../schemas/index.ts';
import { type BoardClient, createBoardClient } from '../../shared/bus/board-client.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { add, journalOf, plain, stateOf, until } from './asking.ts';
import { startDoctor, type TestDoctor } from './doctor.ts';
import { type KeptLog, keptLog } from './kept-log.ts';
import { project, startHive, type TestHive } from './orchestrator.ts';

export const msgpack = { 'Content-Type': 'application/msgpack' };

export interface JournalBench {
  readonly hive: TestHive;
  readonly client: BoardClient;
  readonly core: Bus;
  readonly doctor: TestDoctor;
  /** A batch that follows the last one, with other fields. */
  nextBatch(more: Partial<Batch>): Promise<Uint8Array>;
  /** Appends that under the leader of a board with a task, and goes on as doctor says. */
  expectMended(make: () => Promise<Uint8Array>): Promise<void>;
}

/** An event that no board takes. */
export const noGrant = {
  type: 'grant_ended',
  task: 'one',
  agent: 'w1',
  attempts: 0,
  losses: 0,
  conflicts: 0,
  end: { fence: 9, run: 'r', why: 'done' },
  to: 'closed',
} as unknown as Event;

/** Registers the hooks of a test file. */
export function journalBench(): JournalBench {
  let hive: TestHive;
  let log: KeptLog;
  let client: BoardClient;
  let core: Bus;
  let doctor: TestDoctor;

  beforeEach(async () => {
    log = keptLog();
    hive = await startHive({ log });
    client = await hive.client('operator');
    core = await hive.services('core');
    await hive.configure({ roles: { operator: 'operator' } });
    doctor = await startDoctor(hive.server);
  });
  afterEach(async () => {
    doctor.close();
    await hive.stop();
  });

  /** What the orchestrators say when they do not lead. */
  const said = () => log.lines.filter(({ message }) => message === 'this orchestrator does not lead');

  async function expectNobodyLeads(seq: number): Promise<void> {
    // Whoever leads notices with its next batch, and answers nobody.
    const swarm = await hive.connect('operator');
    const hasty = createBoardClient({
      swarm,
      project,
      agent: 'operator',
      clock: systemClock,
      timeoutMs: 300,
    });
    await expect(hasty.command({ v: 1, kind: 'cancel', id: 'late', task: 'one' })).rejects.toThrow();
    await until('it says that it does not lead', () => said().length > 0);
    expect(said()).toHaveLength(1);
    expect(said()[0]?.fields).toMatchObject({
      code: 'journal-unreadable',
      reason: expect.stringContaining(`journal message ${seq} cannot be read: `),
    });
    // What hangs on no leader goes on.
    const agent = await hive.connect('w1');
    expect((await createReader(agent, project, 'w1').mail({ after: 0 })).mails).toBeDefined();
  }

  return {
    get hive() {
      return hive;
    },
    get client() {
      return client;
    },
    get core() {
      return core;
    },
    get doctor() {
      return doctor;
    },
    async nextBatch(more) {
      const last = (await journalOf(client)).at(-1);
      if (last === undefined) throw new Error('an empty journal');
      const { batch } = last;
      return encode('Batch', { ...batch, id: 'foreign', predecessor: batch.id, events: [], ...more }).payload;
    },
    async expectMended(make) {
      await add(client, plain('one'));
      const { seq } = await core.append(subjectsOf(project).journal, await make(), { headers: msgpack });
      await expectNobodyLeads(seq);
      const row = await doctor.said('journal');
      expect(row).toMatch(/^FAIL /);
      expect(row).toContain(`journal message ${seq} cannot be read: `);
      expect(row).toMatch(/stored 20\S+, \d+ bytes · to mend: `waggle orchestrator --accept-journal-loss`/);
      const one = await hive.addOrchestrator({ acceptJournalLoss: true });
      await until('it leads', () => one.terms.length > 0);
      expect(await stateOf(client, 'one')).toBe('open');
      await add(client, plain('onward'));
      const { checks } = await doctor.report();
      for (const name of ['journal', 'leader', 'snapshots'])
        expect([name, checks.find((check) => check.name === name)?.status]).toEqual([name, 'pass']);
    },
  };
}
