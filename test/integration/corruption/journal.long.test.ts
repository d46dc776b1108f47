import { expect, test } from 'vitest';
import { streamNames } from '../../../shared/bus/topology.ts';
import { add, plain, until } from '../../support/asking.ts';
import { journalBench, noGrant } from '../../support/journal-damage.ts';
import { project } from '../../support/orchestrator.ts';

const { journal, snapshots } = streamNames(project);

const bench = journalBench();

test('a batch that breaks a rule of the board, appended under a leader: named, and gone on from before it', async () => {
  await bench.expectMended(() => bench.nextBatch({ events: [noGrant] }));
});

test('a batch that was removed from the middle is found by the one after it', async () => {
  for (const id of ['one', 'two', 'three']) await add(bench.client, plain(id));
  await bench.hive.stopOrchestrator();
  await bench.core.streams.purge(snapshots, { before: 1_000 });
  const { lastSeq } = (await bench.core.streams.info(journal))!;
  await bench.core.streams.remove(journal, lastSeq - 2);
  expect((await bench.doctor.check('journal')).error).toMatch(
    new RegExp(
      `journal message ${lastSeq - 1} cannot be read: it follows batch \\w+, but \\w+ stands before it`,
    ),
  );
  const one = await bench.hive.addOrchestrator();
  await until('it says that it does not lead', () => one.unfit.length > 0);
  expect(one.unfit[0]).toMatchObject({
    code: 'journal-unreadable',
    message: expect.stringContaining(`journal message ${lastSeq - 1} cannot be read`),
  });
  await one.stop();
  const two = await bench.hive.addOrchestrator({ acceptJournalLoss: true });
  await until('it leads', () => two.terms.length > 0);
  expect((await bench.doctor.check('journal')).status).toBe('pass');
  // What stood before the gap is there.
  const { tasks } = await bench.client.query<'tasks'>({ v: 1, kind: 'tasks' });
  expect(tasks.length).toBeLessThan(3);
});
