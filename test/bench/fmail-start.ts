/**
 * What `fmail send` costs as a whole process, over the bus and over an agent's socket, against the start of Node alone in
 * the same run: an agent pays it for every message.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../../shared/clock.ts';
import { waysTo } from '../e2e/fmail-ways.ts';
import { startHive } from '../support/orchestrator.ts';
import { type Figure, inTurns, median, quantile, type Scenario } from './figures.ts';

const ROUNDS = 40;
const WARM_UP = 3;
const run = promisify(execFile);
// This file runs from its source and, for the figures, built.
const dist = import.meta.url.endsWith('.js') ? '../..' : '../../dist';
const SCRIPT = fileURLToPath(new URL(`${dist}/services/cli/fmail.js`, import.meta.url));

export const fmailStart: Scenario = {
  name: 'fmail-start',
  title: `fmail send as a whole process, ${ROUNDS} of each in turns`,
  notMeasured: [
    'the network (loopback), and a bus that syncs before it acknowledges',
    'the shell, and an npm shim in front of the program',
    'a cold disk: the code is in the cache',
  ],
  async run() {
    const hive = await startHive();
    const ways = waysTo(hive);
    try {
      const send = [SCRIPT, 'send', 'bench', 'hello'];
      const candidates = [
        { row: 'node -e 0', args: ['-e', '0'], env: {}, times: [] as number[] },
        { row: 'over NATS', args: send, env: await ways.bus.variables('alice'), times: [] as number[] },
        {
          row: 'over the socket',
          args: send,
          env: await ways.socket.variables('alice'),
          times: [] as number[],
        },
      ];
      const measure = async ({ args, env }: (typeof candidates)[number]) => {
        const started = systemClock.monotonic();
        await run(process.execPath, args, { cwd: ways.folder, env: { PATH: process.env['PATH'], ...env } });
        return systemClock.monotonic() - started;
      };
      for (const one of inTurns(candidates, WARM_UP)) await measure(one);
      for (const one of inTurns(candidates, ROUNDS)) one.times.push(await measure(one));
      const bare = median(candidates[0]?.times ?? []);
      return candidates.flatMap(({ row, times }): Figure[] => [
        { row, column: 'p50', value: median(times), unit: 'ms' },
        { row, column: 'p90', value: quantile(times, 0.9), unit: 'ms' },
        { row, column: 'p50 over node -e 0', value: median(times) - bare, unit: 'ms' },
      ]);
    } finally {
      await ways.close();
      await hive.stop();
    }
  },
};
