import { expect, test } from 'vitest';
import { remarkAway } from '../../../../../services/cli/fmail/away-remark.ts';
import type { BusStatus } from '../../../../../shared/bus/port.ts';

/** A bus whose connection comes and goes as told, and a clock whose sleeps end when told. */
function stage() {
  let tell: (status: BusStatus) => void = () => undefined;
  const sleeps: (() => void)[] = [];
  let said = '';
  const end = remarkAway(
    {
      onStatus: (listener) => {
        tell = listener;
        return () => undefined;
      },
    },
    {
      write: (text) => {
        said += text;
      },
    },
    {
      now: () => 0,
      monotonic: () => 0,
      sleep: (_, signal) =>
        new Promise((resolve, reject) => {
          sleeps.push(resolve);
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    },
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    async status(status: BusStatus) {
      tell(status);
      await settle();
    },
    async secondPasses() {
      for (const resolve of sleeps.splice(0)) resolve();
      await settle();
    },
    said: () => said,
    end,
  };
}

test('a bus that is away for a second is remarked upon, and that it is back', async () => {
  const { status, secondPasses, said } = stage();
  await status('disconnected');
  expect(said()).toBe('');
  await secondPasses();
  expect(said()).toBe('fmail: the bus is away; waiting for it\n');
  await status('connected');
  expect(said()).toBe('fmail: the bus is away; waiting for it\nfmail: the bus is back\n');
});

test('one that is back sooner is no matter, nor one that is away when the command ends', async () => {
  const { status, secondPasses, said, end } = stage();
  await status('disconnected');
  await status('connected');
  await secondPasses();
  await status('disconnected');
  end();
  await secondPasses();
  expect(said()).toBe('');
});
