import { expect, test } from 'vitest';
import type { Batch, Event } from '../../../schemas/index.ts';
import { lookAtJournal } from '../../../services/cli/doctor/journal.ts';
import { encode } from '../../../shared/bus/codec.ts';
import { subjectsOf } from '../../../shared/bus/subjects.ts';
import { topology } from '../../../shared/bus/topology.ts';
import { add, plain } from '../../support/asking.ts';
import { journalBench, msgpack, noGrant } from '../../support/journal-damage.ts';
import { project } from '../../support/orchestrator.ts';

const bench = journalBench();

test('half a batch, appended under a leader: named, nobody leads on it, doctor says where and how to go on', async () => {
  await bench.expectMended(async () => (await bench.nextBatch({})).subarray(0, 40));
});

const genesis: Event[] = [
  { type: 'genesis', genesis: 'g', project: 'p' },
  { type: 'led', leader: 'l', term: 1 },
];
const batchOf = (id: string, more: Partial<Batch> = {}): Batch => ({
  v: 1,
  id,
  term: 1,
  at: 1,
  mail_seq: 0,
  streams: {},
  events: [],
  ...more,
});
const bytesOf = (batch: Batch) => encode('Batch', batch).payload;
const good = [
  bytesOf(batchOf('a', { events: genesis })),
  bytesOf(batchOf('b', { predecessor: 'a' })),
  bytesOf(batchOf('c', { predecessor: 'b' })),
];
const foreign: [string, Uint8Array, RegExp][] = [
  ['an empty message', Buffer.alloc(0), /./],
  ['garbage', Buffer.from('\u0000\u0001garbage'), /./],
  ['a batch that breaks a rule', bytesOf(batchOf('x', { predecessor: 'b', events: [noGrant] })), /one/],
  ['another message', encode('Query', { v: 1, kind: 'counts' }).payload, /./],
  ['half a batch', good[1]!.subarray(0, 20), /./],
  [
    'a batch of another chain',
    bytesOf(batchOf('x', { predecessor: 'y' })),
    /it follows batch y, but \w stands/,
  ],
  [
    'an unknown event',
    bytesOf(batchOf('x', { predecessor: 'b', events: [{ type: 'teleported' } as never] })),
    /teleported/,
  ],
];

test.each(foreign)(
  'doctor finds %s in the journal by its place, in the middle and at the end',
  async (_, bytes, fault) => {
    for (const at of [2, 3]) {
      const name = `p-${foreign.findIndex(([, other]) => other === bytes)}-${at}`;
      const [spec] = topology(name).core;
      if (spec === undefined) throw new Error('no journal');
      await bench.core.streams.ensure(spec);
      const rows = [...good.slice(0, at), bytes, ...good.slice(at)];
      for (const row of rows) await bench.core.append(subjectsOf(name).journal, row, { headers: msgpack });
      const found = await lookAtJournal({ core: bench.core, project: name });
      expect(found).toMatchObject({ status: 'fail', error: expect.stringContaining(`message ${at + 1} `) });
      if (at === 2) expect(found.error).toMatch(fault);
    }
  },
);

test('of a journal that is longer than a look reads, the beginning and the end are read', async () => {
  for (let n = 0; n < 12; n += 1) await add(bench.client, plain(`t-${n}`));
  expect(await lookAtJournal({ core: bench.core, project, most: 3 })).toMatchObject({
    status: 'pass',
    details: expect.stringMatching(/^read from 1 to 3 and from 4 to \d+; more than a look reads$/),
  });
  const { seq } = await bench.core.append(subjectsOf(project).journal, Buffer.from('x'));
  expect((await lookAtJournal({ core: bench.core, project, most: 3 })).error).toContain(`message ${seq} `);
});
