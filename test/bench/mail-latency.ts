/**
 * From the call that sends a mail until the watching agent it is for has it: append, republish, delivery, and its place
 * in the order; over a real server. Beside it the time of the append alone.
 */
import { watchMail } from '../../shared/bus/mail-watch.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { systemClock } from '../../shared/clock.ts';
import { project } from '../support/orchestrator.ts';
import { type Figure, inTurns, median, quantile, type Scenario } from './figures.ts';
import { type BenchHive, withHives } from './hives.ts';

const SAMPLES = 1_000;
const WARM_UP = 100;
const BLOCK = 100;

export const mailLatency: Scenario = {
  name: 'mail-latency',
  title: `send → watching agent, ${SAMPLES} mails one by one`,
  notMeasured: ['the network (loopback) and processes apart: sender and reader share one process here'],
  run: () =>
    withHives(async (hives) => {
      const benches = await Promise.all(hives.map(prepare));
      try {
        for (const bench of benches) await bench.sample(WARM_UP);
        const results = new Map(
          hives.map(({ durability }) => [durability, { there: [] as number[], acked: [] as number[] }]),
        );
        for (const bench of inTurns(benches, SAMPLES / BLOCK)) {
          const { there, acked } = await bench.sample(BLOCK);
          results.get(bench.durability)?.there.push(...there);
          results.get(bench.durability)?.acked.push(...acked);
        }
        return [...results].flatMap(([row, { there, acked }]): Figure[] => [
          { row, column: 'p50', value: median(there), unit: 'ms' },
          { row, column: 'p99', value: quantile(there, 0.99), unit: 'ms' },
          { row, column: 'max', value: quantile(there, 1), unit: 'ms' },
          { row, column: 'samples', value: there.length, unit: '' },
          { row, column: 'stored p50', value: median(acked), unit: 'ms' },
        ]);
      } finally {
        await Promise.all(benches.map((bench) => bench.stop()));
      }
    }),
};

async function prepare({ durability, hive }: BenchHive) {
  const sender = await hive.connect('sender');
  const bus = await hive.connect('reader');
  const reader = createReader(bus, project, 'reader');
  const to = { kind: 'agent', name: 'reader' } as const;
  const end = new AbortController();
  const { last } = await reader.mail({ last: 0 });
  const mails = watchMail(bus, project, reader, { target: to, after: last }, systemClock, end.signal);
  let count = 0;
  return {
    durability,
    async sample(samples: number): Promise<{ there: number[]; acked: number[] }> {
      const [there, acked]: [number[], number[]] = [[], []];
      for (let sample = 0; sample < samples; sample += 1) {
        count += 1;
        const id = `mail-${count}`;
        const coming = mails.next().then(({ value }) => ({ value, at: systemClock.monotonic() }));
        const sent = systemClock.monotonic();
        await sendMail(sender, project, 'sender', to, { v: 1, id, kind: 'message', at: 1, body: 'hello' });
        acked.push(systemClock.monotonic() - sent);
        const { value, at } = await coming;
        if (value?.mail.mail.id !== id) throw new Error(`expected ${id}, got ${value?.mail.mail.id}`);
        there.push(at - sent);
      }
      return { there, acked };
    },
    async stop() {
      end.abort();
      await mails.return();
    },
  };
}
