import { expect, test } from 'vitest';
import { hear } from '../../../../services/orchestrator/hearing.ts';
import { LifeSigns } from '../../../../services/orchestrator/life-signs.ts';
import { Refusals } from '../../../../services/orchestrator/refusals.ts';
import { Sightings } from '../../../../services/orchestrator/sightings.ts';
import type { Bus } from '../../../../shared/bus/port.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { silentLog } from '../../../../shared/log.ts';
import { until } from '../../../support/asking.ts';

test('a round trip that fails proves nothing, and the next one does', async () => {
  let time = 0;
  const clock = { now: () => 0, monotonic: () => time, sleep: async () => {} };
  const signs = new LifeSigns(clock);
  const trips: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const swarm = {
    flush: () => new Promise<void>((resolve, reject) => trips.push({ resolve, reject })),
    subscribe: () => ({ close: () => {}, async *[Symbol.asyncIterator]() {} }),
  } as unknown as Bus;
  const hearing = hear({
    swarm,
    project: 'p',
    signs,
    sightings: new Sightings(clock),
    refusals: new Refusals(silentLog),
    onUsage: () => {},
    clock,
    log: silentLog,
  });
  const silence = () => signs.provenSilenceMs('a', '1');
  /** Asks until another trip begins: one goes on at a time. */
  const begun = async (count: number) => {
    await until('a trip begins', () => {
      hearing.prove();
      return trips.length === count;
    });
  };
  await begun(1);
  trips[0]?.resolve();
  await begun(2);
  time = 40;
  trips[1]?.reject(new WaggleError('bus-closed', { reason: 'disconnected', sent: true }));
  await begun(3);
  expect(silence()).toBe(0);
  time = 90;
  trips[2]?.resolve();
  await until('it is proved up to its beginning', () => silence() > 0);
  expect(silence()).toBe(40);
  hearing.stop();
});
