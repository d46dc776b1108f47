/**
 * What a claim costs on boards of very different size, and what a task costs in memory: the pure board alone. The
 * ratio is the point: a claim should cost the same however many tasks are open.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../shared/clock.ts';
import { type Figure, inTurns, median, quantile, type Scenario } from './figures.ts';
import { openBoard } from './open-board.ts';

const SIZES = [100, 10_000, 100_000] as const;
const ROUNDS = 16;
const CLAIMS = 250;
/** Rounds that warm up and do not count. */
const WARM_UP = 4;

export const claimCost: Scenario = {
  name: 'claim-cost',
  title: `one claim on the pure board, by the number of open tasks (${(ROUNDS - WARM_UP) * CLAIMS} claims each)`,
  notMeasured: [
    'journal, bus and codec: only deciding and applying',
    'boards of tasks with deps, paths, caps or weights (test/unit/shared/board/cost.test.ts bounds their looks)',
    'task bodies: these tasks have none, so memory is that of the bare task and its indexes',
  ],
  run: async () => {
    const boards = SIZES.map((size) => {
      const before = usedBytes();
      const open = openBoard(size);
      const perTask = (usedBytes() - before) / size;
      return { size, open, perTask, samples: [] as number[] };
    });
    for (const [turn, { open, samples }] of inTurns(boards, ROUNDS).entries()) {
      for (let count = 0; count < CLAIMS; count += 1) {
        const begun = systemClock.monotonic();
        open.claim();
        const tookMs = systemClock.monotonic() - begun;
        if (turn >= WARM_UP * boards.length) samples.push(tookMs * 1_000);
        open.renew();
      }
    }
    const smallest = median(boards[0]?.samples ?? []);
    return boards.flatMap(({ size, perTask, samples }): Figure[] => {
      const row = `${size.toLocaleString('en')} open tasks`;
      return [
        { row, column: 'claim p50', value: median(samples), unit: 'µs' },
        { row, column: 'claim p99', value: quantile(samples, 0.99), unit: 'µs' },
        { row, column: 'p50 to the smallest', value: median(samples) / smallest, unit: '×' },
        // A hundred tasks weigh less than what the measuring itself moves.
        ...(size < 10_000
          ? []
          : [{ row, column: 'memory per task', value: perTask, unit: 'bytes' } as const]),
      ];
    });
  },
};

/** The heap in use after a full collection. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
