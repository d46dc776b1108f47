import { afterEach, expect, test } from 'vitest';
import { until } from '../support/asking.ts';
import { useLaneBench } from '../support/lane-bench.ts';
import { type TestTakers, takersOn } from '../support/takers.ts';

const bench = useLaneBench();
const LEASE_MS = 2_000;
let takers: TestTakers | undefined;
afterEach(() => takers?.stop());

test('a committer killed -9 at work is dead after a lease, and another commits what it had in hand', async () => {
  const [victim, heir] = ['victim', 'heir'].map((name) => `${name}-of-${bench.lane}`) as [string, string];
  bench.committers = { [victim]: 'committer', [heir]: 'committer' };
  bench.policies = { lease_ms: LEASE_MS };
  await bench.configure(bench.home);
  takers = takersOn(bench.hive);
  const taker = await takers.start();
  await until('the watch judges', () => taker.word() === 'judging');
  const first = bench.process(victim, {}, 'made');
  await until('the lane is open', () => bench.isOpen(), 20_000);
  await bench.submit(await bench.add('inherited'), { 'a.txt': 'new\n' });
  await first.paused();
  await bench.hooked({ agent: heir });
  await first.kill();
  const killedAt = performance.now();
  expect(await bench.ended('inherited')).toMatchObject({ state: 'closed', losses: 0 });
  const tookMs = performance.now() - killedAt;
  expect(tookMs).toBeLessThan(LEASE_MS + 2_000);
  expect(await bench.landings('inherited')).toMatchObject([{ by: heir, found: false }]);
});
