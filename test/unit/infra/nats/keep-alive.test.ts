import { expect, test } from 'vitest';
import { keepAlive } from '../../../../infra/nats/keep-alive.ts';
import type { Exit, NatsProcess } from '../../../../infra/nats/launch.ts';

/** Servers that live as long as told, one after the other, and the backoffs before each restart. */
async function backoffsOf(lives: readonly number[]): Promise<number[]> {
  let now = 0;
  let n = 0;
  const waited: number[] = [];
  let done = () => {};
  const over = new Promise<void>((resolve) => {
    done = resolve;
  });
  const server = (): NatsProcess => {
    const lifeMs = lives[n];
    n += 1;
    let end: (exit: Exit) => void = () => {};
    const exited = new Promise<Exit>((resolve) => {
      end = resolve;
    });
    if (lifeMs === undefined) done();
    else
      queueMicrotask(() => {
        now += lifeMs;
        end({ code: null, signal: 'SIGKILL' });
      });
    return { pid: n, port: 1, exited, kill: () => end({ code: 0, signal: null }) };
  };
  const clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms: number) => {
      waited.push(ms);
      now += ms;
    },
  };
  const kept = keepAlive({
    first: server(),
    launch: async () => server(),
    clock,
    restarted: () => undefined,
    failed: () => undefined,
  });
  await over;
  await kept.stop();
  return waited;
}

test('what cannot live is tried ever more seldom, every 2 s at last', async () => {
  const backoffs = await backoffsOf(Array.from({ length: 8 }, () => 10));
  expect(backoffs).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
});

test('what is killed every second, however often, is back at once each time', async () => {
  expect(await backoffsOf(Array.from({ length: 12 }, () => 1_000))).toEqual(
    Array.from({ length: 12 }, () => 50),
  );
});

test('one life of a second after short ones begins anew', async () => {
  expect(await backoffsOf([10, 10, 10, 10, 10, 10, 1_000, 10])).toEqual([
    50, 100, 200, 400, 800, 1_600, 50, 100,
  ]);
});
