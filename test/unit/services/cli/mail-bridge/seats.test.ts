import { afterEach, describe, expect, test } from 'vitest';
import { BridgeSeats, type BridgeSeatsOptions } from '../../../../../services/cli/mail-bridge/seats.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { silentLog } from '../../../../../shared/log.ts';
import { until } from '../../../../support/asking.ts';
import { memoryMail } from '../../../../support/memory-desk.ts';

const mail = memoryMail();
let seats: BridgeSeats;
let opened: string[];
let closed: string[];

function begin(more: Partial<BridgeSeatsOptions> = {}): void {
  opened = [];
  closed = [];
  seats = new BridgeSeats({
    async open(agent) {
      opened.push(agent);
      return {
        ...mail.desk(agent),
        async close() {
          closed.push(agent);
        },
      };
    },
    clock: systemClock,
    log: silentLog,
    ...more,
  });
}
afterEach(() => seats.close());

describe('the desks of a bridge', () => {
  test('are one for each name, whoever asks in whatever case', async () => {
    begin();
    const [one, two] = await Promise.all([seats.take('Alice'), seats.take('@alice ')]);
    expect(one.mail).toBe(two.mail);
    expect(opened).toEqual(['alice']);
    await seats.take('bob');
    expect(opened).toEqual(['alice', 'bob']);
  });

  test('close when nobody has used them for a while, and not before', async () => {
    begin({ idleMs: 40 });
    const [used, left] = [await seats.take('used'), await seats.take('left')];
    left.release();
    await until('the idle one is closed', () => closed.length === 1);
    expect(closed).toEqual(['left']);
    used.release();
    await until('the other one, too', () => closed.length === 2);
    await seats.take('left');
    expect(opened).toEqual(['used', 'left', 'left']);
  });

  test('make room, the longest idle first; where all are in use the next name has to wait', async () => {
    begin({ mostAgents: 2 });
    const [one, two] = [await seats.take('one'), await seats.take('two')];
    await expect(seats.take('three')).rejects.toMatchObject({ code: 'backpressure', isRetryable: true });
    two.release();
    await seats.take('three');
    expect(closed).toEqual(['two']);
    one.release();
  });

  test('all close in the end', async () => {
    begin();
    await seats.take('one');
    (await seats.take('two')).release();
    await seats.close();
    expect(closed.sort()).toEqual(['one', 'two']);
  });

  test('that could not be opened is tried again', async () => {
    let tries = 0;
    begin({
      async open(agent) {
        tries += 1;
        if (tries === 1) throw new Error('no bus');
        return mail.desk(agent);
      },
    });
    await expect(seats.take('alice')).rejects.toThrow('no bus');
    expect((await seats.take('alice')).mail.agent).toBe('alice');
  });

  test.each([undefined, '', 'a.b', 'orchestrator', 'Orchestrator'])(
    'are for no agent called %o',
    async (name) => {
      begin();
      await expect(seats.take(name)).rejects.toMatchObject({ code: 'invalid_agent' });
      expect(opened).toEqual([]);
    },
  );
});
