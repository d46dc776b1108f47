import { expect, test } from 'vitest';
import type { BusStatus } from '../../../../../shared/bus/port.ts';
import { simulatedBench } from '../../../../support/simulated-bus.ts';

const spec = { name: 'S', subjects: ['s.>'], storage: 'file' } as const;
const word = Buffer.from('word');

/** How a promise ended, once time has passed. */
function outcomeOf<T>(work: Promise<T>): { readonly result: () => unknown } {
  let result: unknown = 'open';
  work.then(
    (value) => {
      result = value;
    },
    (error: { code?: string }) => {
      result = error.code;
    },
  );
  return { result: () => result };
}

test('a cut that heals soon delays what is on its way, in both directions, and loses nothing', async () => {
  const { connect, pass, server } = simulatedBench();
  const { bus, link } = connect();
  void bus.streams.ensure(spec);
  await pass(10);
  const heard: BusStatus[] = [];
  bus.onStatus((status) => heard.push(status));
  link.cut();
  const appended = outcomeOf(bus.append('s.a', word));
  await pass(3_000);
  expect([appended.result(), server.account('swarm').streams.get('S')?.lastSeq]).toEqual(['open', 0]);
  link.heal();
  await pass(10);
  expect(appended.result()).toMatchObject({ seq: 1 });
  expect(heard).toEqual([]);
});

test('a cut of one way holds back that way alone, and lasting ends the connection as well', async () => {
  const { connect, pass, server } = simulatedBench();
  const { bus, link } = connect();
  void bus.streams.ensure(spec);
  await pass(10);
  const stored = () => server.account('swarm').streams.get('S')?.lastSeq;
  link.cut('down');
  const unanswered = outcomeOf(bus.append('s.a', word, { timeoutMs: 60_000 }));
  await pass(100);
  expect([unanswered.result(), stored()]).toEqual(['open', 1]);
  link.heal();
  await pass(10);
  expect(unanswered.result()).toMatchObject({ seq: 1 });
  const heard: string[] = [];
  void (async () => {
    for await (const { payload } of bus.subscribe('t')) heard.push(Buffer.from(payload).toString());
  })();
  await pass(10);
  link.cut('up');
  const unsaid = outcomeOf(bus.append('s.a', word, { timeoutMs: 60_000 }));
  connect().bus.publish('t', word);
  await pass(100);
  expect([unsaid.result(), stored(), heard]).toEqual(['open', 1, ['word']]);
  link.cut('down');
  await pass(6_000);
  expect([unsaid.result(), stored(), bus.isConnected()]).toEqual(['bus-closed', 1, false]);
  link.heal();
  await pass(1_000);
  expect([stored(), bus.isConnected()]).toEqual([1, true]);
});

test('a cut that lasts ends the connection on both sides; what was held is lost, and it comes back', async () => {
  const { connect, pass, server } = simulatedBench();
  const { bus, link } = connect();
  void bus.streams.ensure(spec);
  await pass(10);
  const heard: BusStatus[] = [];
  bus.onStatus((status) => heard.push(status));
  link.cut();
  const appended = outcomeOf(bus.append('s.a', word, { timeoutMs: 60_000 }));
  await pass(6_000);
  expect([appended.result(), heard]).toEqual(['bus-closed', ['disconnected']]);
  link.heal();
  await pass(1_000);
  expect(heard).toEqual(['disconnected', 'connected']);
  expect(server.account('swarm').streams.get('S')?.lastSeq).toBe(0);
});

test('an append can be lost, or stored without its acknowledgement: both look the same', async () => {
  const fates = ['lost', 'stored-unacked', 'stored'] as const;
  let n = 0;
  const { connect, pass, server } = simulatedBench({ append: () => fates[n++] ?? 'stored' });
  const { bus } = connect();
  void bus.streams.ensure(spec);
  await pass(10);
  const outcomes = fates.map(() => outcomeOf(bus.append('s.a', word, { timeoutMs: 1_000 })));
  await pass(2_000);
  expect(outcomes.map(({ result }) => result())).toMatchObject(['bus-timeout', 'bus-timeout', { seq: 2 }]);
  expect(server.account('swarm').streams.get('S')?.lastSeq).toBe(2);
});

test('a message can be lost, doubled, and overtaken', async () => {
  const lates: (readonly number[])[] = [[50], [], [0, 10], [0]];
  let n = 0;
  const { connect, pass } = simulatedBench({
    deliver: (subject) => (subject === 't' ? (lates[n++] ?? [0]) : [0]),
  });
  const { bus } = connect();
  const heard: string[] = [];
  void (async () => {
    for await (const { payload } of bus.subscribe('t')) heard.push(Buffer.from(payload).toString());
  })();
  for (const text of ['1', '2', '3', '4']) bus.publish('t', Buffer.from(text));
  await pass(100);
  expect(heard).toEqual(['3', '4', '3', '1']);
});

test('a server that dies keeps its streams on file and loses those in memory', async () => {
  const { connect, pass, server } = simulatedBench();
  const { bus } = connect();
  void bus.streams.ensure(spec);
  void bus.streams.ensure({ name: 'M', subjects: ['m.>'], storage: 'memory' });
  await pass(10);
  server.kill();
  await pass(10);
  expect(bus.isConnected()).toBe(false);
  server.restart();
  await pass(1_000);
  expect(bus.isConnected()).toBe(true);
  expect([...server.account('swarm').streams.keys()]).toEqual(['S']);
});
