import { afterEach, beforeEach, expect, test } from 'vitest';
import { runClaimLoop } from '../../../../shared/agent/claim-loop.ts';
import { IdleStop } from '../../../../shared/agent/idle-stop.ts';
import { openOutbox } from '../../../../shared/agent/outbox.ts';
import { createBoardClient } from '../../../../shared/bus/board-client.ts';
import { silentLog } from '../../../../shared/log.ts';
import { randomId } from '../../../../shared/random.ts';
import { type PassingTime, passingTime, type QuietBoard, quietBoard } from '../../../support/quiet-board.ts';
import { temporaryFolder } from '../../../support/repository.ts';

const HOUR_MS = 3_600_000;
let folder: ReturnType<typeof temporaryFolder>;
let clock: PassingTime;
let swarm: QuietBoard;
let started: number;
beforeEach(() => {
  folder = temporaryFolder();
  clock = passingTime();
  swarm = quietBoard(clock);
  started = 0;
});
afterEach(() => folder.remove());

async function run(signal: AbortSignal, idleWaitMs?: number): Promise<void> {
  const common = { swarm, project: 'test', agent: 'w', clock, log: silentLog };
  const watch = new IdleStop({ ...common, randomId, client: createBoardClient(common) });
  await runClaimLoop(
    {
      ...common,
      role: 'worker',
      work: 'task',
      lock: { incarnation: '1-a', place: { host: 'h', boot: 'b', state: 's' } },
      outbox: await openOutbox(`${folder.path}/outbox`, silentLog),
      capabilities: { profile: 'default', harness: 'command', os: 'linux' },
      pid: 1,
      version: 'test',
      drainMs: 0,
      async perform() {
        started += 1;
        return undefined;
      },
      ...(idleWaitMs === undefined ? {} : { idleStop: { watch, waitMs: idleWaitMs } }),
    },
    signal,
  );
}

test('an empty queue for an hour starts nothing: a worker only waits, and beats', async () => {
  const end = new AbortController();
  const claims = swarm.claims;
  const push = claims.push.bind(claims);
  claims.push = (...more) => {
    if (clock.monotonic() >= HOUR_MS) end.abort();
    return push(...more);
  };
  await run(end.signal);
  expect(clock.monotonic()).toBeGreaterThanOrEqual(HOUR_MS);
  expect(started).toBe(0);
  // Long polls, not a busy loop: three a minute.
  expect(claims.length).toBeLessThan(200);
  expect(swarm.beats()).toBeGreaterThan(HOUR_MS / 10_000 - 5);
});

test('with idle-stop it leaves after three waits, whatever time the clock says', async () => {
  await run(new AbortController().signal, 10_000);
  expect(clock.monotonic()).toBe(30_000);
  expect(swarm.claims.map(({ wait_ms }) => wait_ms)).toEqual([10_000, 10_000, 10_000, 0]);
  expect(started).toBe(0);
});

test('a claim that was told `nothing` may not have been decided: the next one names the same mail', async () => {
  const report = {
    v: 1,
    id: 'r-1',
    kind: 'progress',
    task: 't',
    fence: 1,
    run: 'g-1',
    note: 'half',
  } as const;
  await (await openOutbox(`${folder.path}/outbox`, silentLog)).put({ report });
  await run(new AbortController().signal, 10_000);
  const named = swarm.claims.map(({ after_mail }) => after_mail);
  expect(named[0]).toEqual(expect.any(Number));
  expect(new Set(named.slice(0, 3)).size).toBe(1);
});
