/**
 * A fleet: eight workers, every harness that is installed here, one repository. Each of forty tasks is committed once.
 */
import { expect, test } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { startModelEndpoint } from '../support/model-endpoint/endpoint.ts';
import { scriptsByWords } from '../support/model-endpoint/playbook.ts';
import type { Line } from '../support/model-endpoint/script.ts';
import { gitIn } from '../support/repository.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import type { Harness, Installed } from './harness.ts';
import { install } from './install.ts';
import { opencode } from './opencode.ts';
import { pi } from './pi.ts';
import type { Casting, WorkerPart } from './real-runs.ts';
import { FINAL, stageOf } from './stage.ts';
import { note } from './summary.ts';

const HARNESSES = [claudeCode, codex, pi, opencode];
const TASKS = 40;
const WORKERS = 8;
const FLEET_MS = 600_000;
const POOL = 'all';

const found = await Promise.all(
  HARNESSES.map(async (harness) => ({ harness, found: await install(harness.package) })),
);
const installed: Installed[] = found.flatMap(({ harness, found }) =>
  found.kind === 'ready' ? [{ harness, program: found.program, version: found.version }] : [],
);
for (const { harness, found: one } of found)
  if (one.kind === 'absent') {
    note(`fleet: NOT RUN: ${harness.title}: ${one.reason}`);
    test.skip(`${harness.title} was not in the fleet: ${one.reason}`, () => undefined);
  }

/** The words of a task that stand in no other. */
const wordsOf = (n: number): string => `Write the file number ${n}, and no other.`;
const fileOf = (n: number): string => `file-${n}.txt`;
const numbers = Array.from({ length: TASKS }, (_, index) => index + 1);

/** What each model does with each task, whoever gets it. */
const scriptsOf = ({ tools }: Harness): Map<string, Line[]> =>
  new Map(numbers.map((n) => [wordsOf(n), [tools.write(fileOf(n), `${n}\n`), FINAL]]));

test.skipIf(installed.length < 2)(
  `eight workers of ${installed.length} harnesses commit each of ${TASKS} tasks once${installed.length < 2 ? ' (a fleet needs two)' : ''}`,
  async () => {
    const castings = await Promise.all(
      installed.map(async (one): Promise<[string, Casting]> => {
        const model = await startModelEndpoint(scriptsByWords(scriptsOf(one.harness)));
        return [one.harness.name, { installed: one, model, maxConcurrency: WORKERS / 2 }];
      }),
    );
    const names = castings.map(([name]) => name);
    // Half of them take whatever the pool gives them; the others run one harness each.
    const workers = Array.from({ length: WORKERS }, (_, index): [string, WorkerPart] => [
      `w-${index + 1}`,
      index < WORKERS / 2 ? { pool: POOL } : { profiles: [names[index % names.length]!] },
    ]);
    const runs = await stageOf({
      profiles: Object.fromEntries(castings),
      pools: { [POOL]: { strategy: 'round_robin', profiles: names } },
      workers: Object.fromEntries(workers),
    });
    const beganAt = systemClock.monotonic();
    const ids: string[] = [];
    for (const n of numbers) ids.push(await runs.add({ body: wordsOf(n) }));
    const tasks = [];
    for (const id of ids) tasks.push(await runs.ended(id, FLEET_MS));
    const seconds = Math.round((systemClock.monotonic() - beganAt) / 1_000);

    expect(tasks.map(({ state, attempts, losses }) => ({ state, attempts, losses }))).toEqual(
      tasks.map(() => ({ state: 'closed', attempts: 0, losses: 0 })),
    );
    const records = (await Promise.all(ids.map((id) => runs.runs(id)))).flat();
    const share = names.map((name) => [name, records.filter(({ harness }) => harness === name).length]);
    note(`fleet: ${TASKS} tasks by ${WORKERS} workers in ${seconds} s: ${share.flat().join(' ')}`);
    expect(records).toHaveLength(TASKS);
    expect(share.filter(([, count]) => count === 0)).toEqual([]);

    const log = gitIn(
      runs.repository,
      'log',
      '--format=%(trailers:key=Waggle-Task,valueonly)',
      'HEAD..waggle/main',
    );
    const committed = log.split('\n').filter((line) => line !== '');
    expect([...committed].sort()).toEqual([...ids].sort());
    const files = gitIn(runs.repository, 'diff', '--name-only', 'HEAD', 'waggle/main').split('\n');
    expect([...files].sort()).toEqual(numbers.map(fileOf).sort());

    const reported = castings.flatMap(([, { model }]) => model.reported);
    const { total } = await runs.client.query<'usage'>({ v: 1, kind: 'usage', by: 'profile' });
    expect(total).toMatchObject({
      runs: TASKS,
      usage: { input_tokens: reported.reduce((sum, { input }) => sum + input, 0) },
    });
    for (const [, { model }] of castings) expect([model.beyond(), model.strangers]).toEqual([0, []]);
  },
  FLEET_MS + 60_000,
);
