/**
 * Whole lives of tasks per second: claimed, reported done with the next claim, closed. Everything is on the board
 * before the clock starts; each grant is journaled and acknowledged before its claimer hears of it.
 */
import type { Claimer } from '../../shared/bus/claimer.ts';
import { systemClock } from '../../shared/clock.ts';
import { doneReport } from './done-report.ts';
import { type Figure, inTurns, median, type Scenario } from './figures.ts';
import { addTasks, type BenchHive, plainTask, withHives } from './hives.ts';

const CLAIMERS = [64, 500] as const;
const CONNECTIONS = 100;
const TASKS = 3_000;
const ADD_AT_ONCE = 1_000;
/** The first round warms up and does not count. */
const ROUNDS = 5;

export const lifecycles: Scenario = {
  name: 'lifecycles',
  title: `whole task lifecycles, ${TASKS} tasks a round, one round trip each (claim with report)`,
  notMeasured: [
    `processes apart: orchestrator and all claimers share one thread here, which bounds these figures`,
    `a connection for each claimer: they share ${CONNECTIONS}, as slots of as many agents`,
    'adding the tasks, git, harnesses, beats, clusters',
  ],
  run: () =>
    withHives(async (hives) => {
      const benches = await Promise.all(hives.map(prepare));
      const cases = benches.flatMap((bench) => CLAIMERS.map((claimers) => ({ bench, claimers })));
      const rowOf = ({ bench, claimers }: (typeof cases)[number]) =>
        `${claimers} claimers, ${bench.durability}`;
      const rates = new Map(cases.map((one) => [rowOf(one), [] as number[]]));
      for (const [turn, one] of inTurns(cases, ROUNDS).entries()) {
        const rate = await one.bench.round(one.claimers);
        if (turn >= cases.length) rates.get(rowOf(one))?.push(rate);
      }
      const first = median(rates.values().next().value ?? []);
      return [...rates].flatMap(([row, found]): Figure[] => [
        { row, column: 'median', value: median(found), unit: '/s' },
        { row, column: 'lowest', value: Math.min(...found), unit: '/s' },
        { row, column: 'highest', value: Math.max(...found), unit: '/s' },
        { row, column: 'to the first row', value: median(found) / first, unit: '×' },
      ]);
    }),
};

async function prepare({ durability, hive, operator }: BenchHive) {
  const agents = Array.from({ length: CONNECTIONS }, (_, index) => `w${index}`);
  const buses = await Promise.all(agents.map((agent) => hive.connect(agent)));
  const claimers = await Promise.all(
    Array.from({ length: Math.max(...CLAIMERS) }, (_, index) => {
      const [agent, swarm] = [agents[index % CONNECTIONS], buses[index % CONNECTIONS]];
      if (agent === undefined || swarm === undefined) throw new Error('a claimer needs a connection');
      return hive.claimer(agent, { swarm, slot: Math.floor(index / CONNECTIONS) });
    }),
  );
  let round = 0;
  return {
    durability,
    /** Lifecycles per second of one round. */
    async round(count: number): Promise<number> {
      round += 1;
      for (let from = 0; from < TASKS; from += ADD_AT_ONCE) {
        const ids = Array.from({ length: ADD_AT_ONCE }, (_, index) => `t${round}-${from + index}`);
        await addTasks(operator, `add-${round}-${from}`, ids.map(plainTask));
      }
      const runs = new Set<string>();
      const begun = systemClock.monotonic();
      await Promise.all(claimers.slice(0, count).map((claimer) => workThrough(claimer, runs)));
      const tookMs = systemClock.monotonic() - begun;
      if (runs.size !== TASKS) throw new Error(`${TASKS} tasks had ${runs.size} runs`);
      return (TASKS / tookMs) * 1_000;
    },
  };
}

/** Ends with the answer to its last report; that of `test/support/claimant.ts` would wait half a second more. */
async function workThrough(claimer: Claimer, runs: Set<string>): Promise<void> {
  const ask = { holds: [], waitMs: 0, signal: new AbortController().signal };
  let answer = await claimer.next(ask);
  while (answer.kind === 'granted') {
    runs.add(answer.grant.run);
    answer = await claimer.next({ ...ask, report: doneReport(answer.grant) });
    if (answer.kind !== 'refused' && answer.report?.status === 'refused')
      throw new Error(`a report was refused: ${answer.report.message}`);
  }
  if (answer.kind !== 'nothing') throw new Error(`expected work or nothing, got ${JSON.stringify(answer)}`);
}
