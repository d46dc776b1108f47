/**
 * What it costs to put a message on the wire, and to take one off: decoding always includes the check against the
 * schema. JSON stands beside MessagePack for comparison, for the same message.
 */
import { type Batch, type ClaimAnswer, check, type MessageName, type Messages } from '../../schemas/index.ts';
import { grantView } from '../../shared/board/decide-claim.ts';
import { decode, encode } from '../../shared/bus/codec.ts';
import { systemClock } from '../../shared/clock.ts';
import { doneReport } from './done-report.ts';
import { type Figure, inTurns, median, type Scenario } from './figures.ts';
import { claimOf, openBoard } from './open-board.ts';

const ROUNDS = 24;
const WARM_UP = 4;
/** Each sample repeats its work for at least this long. */
const SAMPLE_MS = 4;

interface Case {
  readonly row: string;
  readonly column: string;
  readonly work: () => unknown;
  readonly samples: number[];
}

export const codecCost: Scenario = {
  name: 'codec-cost',
  title: 'one message: encode, decode with its check, the check alone',
  notMeasured: ['messages of faulty shape: they are refused, and counted', 'the bus'],
  run: async () => {
    const messages = samples();
    const cases = messages.flatMap(({ row, name, value }) => casesOf(row, name, value));
    for (const [turn, one] of inTurns(cases, ROUNDS).entries()) {
      const tookUs = timed(one.work);
      if (turn >= WARM_UP * cases.length) one.samples.push(tookUs);
    }
    return messages.flatMap(({ row, name, value }): Figure[] => [
      ...cases
        .filter((one) => one.row === row)
        .map(({ column, samples: took }): Figure => ({ row, column, value: median(took), unit: 'µs' })),
      { row, column: 'size', value: encode(name, value).payload.byteLength, unit: 'bytes' },
      { row, column: 'JSON size', value: encode(name, value, 'json').payload.byteLength, unit: 'bytes' },
    ]);
  },
};

function casesOf<N extends MessageName>(row: string, name: N, value: Messages[N]): Case[] {
  const [packed, json] = [encode(name, value), encode(name, value, 'json')];
  const works: readonly (readonly [string, () => unknown])[] = [
    ['encode', () => encode(name, value)],
    ['decode', () => decode(name, packed)],
    ['check', () => check(name, value)],
    ['JSON encode', () => encode(name, value, 'json')],
    ['JSON decode', () => decode(name, json)],
  ];
  return works.map(([column, work]) => ({ row, column, work, samples: [] }));
}

/** Microseconds for one call. */
function timed(work: () => unknown): number {
  const begun = systemClock.monotonic();
  let calls = 0;
  let tookMs = 0;
  do {
    for (let count = 0; count < 10; count += 1) work();
    calls += 10;
    tookMs = systemClock.monotonic() - begun;
  } while (tookMs < SAMPLE_MS);
  return (tookMs / calls) * 1_000;
}

/** Messages of the hot path as a board makes them. */
function samples(): { row: string; name: MessageName; value: never }[] {
  const open = openBoard(100);
  const { events, fence } = grants(open, 64);
  const grant = grantView(open.board, fence);
  if (grant === undefined) throw new Error('a live grant has a view');
  const head = { v: 1 as const, term: 1, journal_seq: 7, genesis: 'g' };
  const answer: ClaimAnswer = { ...head, kind: 'granted', grant };
  const batch = (length: number): Batch => ({
    v: 1,
    id: 'b'.repeat(20),
    term: 1,
    at: 1_800_000_000_000,
    mail_seq: 7,
    streams: {},
    events: events.slice(0, length),
  });
  const named = <N extends MessageName>(row: string, name: N, value: Messages[N]) => ({
    row,
    name,
    value: value as never,
  });
  return [
    named('claim with a report', 'Claim', { ...claimOf(1), report: doneReport(grant) }),
    named('granted answer', 'ClaimAnswer', answer),
    named('batch of 1 event', 'Batch', batch(1)),
    named('batch of 64 events', 'Batch', batch(64)),
  ];
}

function grants(open: ReturnType<typeof openBoard>, count: number) {
  const events = Array.from({ length: count }, (_, index) => {
    if (index > 0) open.renew();
    return open.claim();
  }).flat();
  const fence = Math.max(...open.board.grants.keys());
  return { events, fence };
}
