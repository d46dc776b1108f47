/**
 * From the moment an operator's `add` leaves until the one waiting worker holds its grant: request, decision,
 * append, answer, all over a real server. Beside it the time of one round trip on the same connection.
 */
import { systemClock } from '../../shared/clock.ts';
import { doneReport } from './done-report.ts';
import { type Figure, inTurns, median, quantile, type Scenario } from './figures.ts';
import { addTasks, type BenchHive, plainTask, withHives } from './hives.ts';

const SAMPLES = 600;
const WARM_UP = 100;
const BLOCK = 100;

export const grantLatency: Scenario = {
  name: 'grant-latency',
  title: `submit → grant of one waiting worker, ${SAMPLES} tasks one by one`,
  notMeasured: [
    'the network (loopback) and processes apart: orchestrator, worker and operator share one process here',
    'anything of git or a harness: the tasks expect no change',
    'a busy board: see lifecycles',
  ],
  run: () =>
    withHives(async (hives) => {
      const benches = await Promise.all(hives.map(prepare));
      for (const bench of benches) await bench.sample(WARM_UP);
      const results = new Map(
        hives.map(({ durability }) => [durability, { grants: [] as number[], trips: [] as number[] }]),
      );
      for (const bench of inTurns(benches, SAMPLES / BLOCK)) {
        const { grants, trips } = await bench.sample(BLOCK);
        results.get(bench.durability)?.grants.push(...grants);
        results.get(bench.durability)?.trips.push(...trips);
      }
      return [...results].flatMap(([row, { grants, trips }]): Figure[] => [
        { row, column: 'p50', value: median(grants), unit: 'ms' },
        { row, column: 'p99', value: quantile(grants, 0.99), unit: 'ms' },
        { row, column: 'max', value: quantile(grants, 1), unit: 'ms' },
        { row, column: 'samples', value: grants.length, unit: '' },
        { row, column: 'one round trip p50', value: median(trips), unit: 'ms' },
        { row, column: 'p50 in round trips', value: median(grants) / median(trips), unit: '×' },
      ]);
    }),
};

async function prepare({ durability, hive, operator }: BenchHive) {
  const bus = await hive.connect('w');
  const claimer = await hive.claimer('w', { swarm: bus });
  const { signal } = new AbortController();
  const ask = { holds: [], waitMs: 10_000, signal };
  let count = 0;
  return {
    durability,
    async sample(samples: number): Promise<{ grants: number[]; trips: number[] }> {
      const [grants, trips]: [number[], number[]] = [[], []];
      for (let sample = 0; sample < samples; sample += 1) {
        count += 1;
        const waiting = claimer.next(ask).then((answer) => ({ answer, at: systemClock.monotonic() }));
        // The server has passed the claim on once it answers this, so the leader gets it before the task.
        await bus.flush();
        const trip = systemClock.monotonic();
        await bus.flush();
        const sent = systemClock.monotonic();
        trips.push(sent - trip);
        const added = addTasks(operator, `add-${count}`, [plainTask(`t${count}`)]);
        const { answer, at } = await waiting;
        await added;
        if (answer.kind !== 'granted') throw new Error(`expected a grant, got ${answer.kind}`);
        grants.push(at - sent);
        await claimer.next({ ...ask, report: doneReport(answer.grant) });
      }
      return { grants, trips };
    },
  };
}
