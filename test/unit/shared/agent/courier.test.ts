import { expect, test } from 'vitest';
import type { Report } from '../../../../schemas/index.ts';
import { Courier } from '../../../../shared/agent/courier.ts';
import type { Outbox, Outgoing } from '../../../../shared/agent/outbox.ts';
import type { Bus } from '../../../../shared/bus/port.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { keptLog } from '../../../support/kept-log.ts';

const about = { v: 1, task: 't', fence: 7, run: 'r' } as const;
const done: Report = { ...about, id: 'd', kind: 'done', outcome: 'completed' };
const note: Report = { ...about, id: 'p', kind: 'progress', note: 'half way' };

/** A disk that fails so many times, and a clock on which waiting takes no time. */
function courierOn(failures: number, code = 'ENOSPC') {
  const kept: Outgoing[] = [];
  let left = failures;
  const outbox: Outbox = {
    async put(outgoing) {
      left -= 1;
      if (left >= 0) throw Object.assign(new Error(`${code}: the disk`), { code });
      kept.push(outgoing);
    },
    pending: () => [],
    has: () => false,
    remove: async () => undefined,
    lastMail: () => undefined,
    setAside: async () => undefined,
  };
  const waits: number[] = [];
  const clock = {
    ...systemClock,
    async sleep(ms: number, signal?: AbortSignal) {
      signal?.throwIfAborted();
      waits.push(ms);
    },
  };
  const log = keptLog();
  const courier = new Courier({ outbox, swarm: {} as Bus, project: 'p', agent: 'w', clock, log });
  return { courier, kept, waits, log };
}

test('the end of a grant waits for a disk that takes nothing, and says so once, with task and fence', async () => {
  const { courier, kept, waits, log } = courierOn(3);
  await courier.keep({ report: done });
  expect(kept).toHaveLength(1);
  expect(waits).toHaveLength(3);
  expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
    ['error', 'the disk takes no report: nothing is claimed until it does'],
    ['info', 'the disk takes reports again'],
  ]);
  expect(log.lines[0]?.fields).toMatchObject({
    kind: 'done',
    task: 't',
    fence: 7,
    fault: 'ENOSPC: the disk',
  });
});

test('who must leave gives up, with the reason', async () => {
  const { courier, kept } = courierOn(Number.POSITIVE_INFINITY);
  await expect(courier.keep({ report: done }, AbortSignal.abort('drain'))).rejects.toThrow('ENOSPC');
  expect(kept).toEqual([]);
});

test('what ends nothing, and what no disk mends, waits for nothing', async () => {
  await expect(courierOn(1).courier.keep({ report: note })).rejects.toThrow('ENOSPC');
  const broken = courierOn(1, 'EISDIR');
  await expect(broken.courier.keep({ report: done })).rejects.toThrow('EISDIR');
  expect(broken.waits).toEqual([]);
});
