import { expect, onTestFinished, test } from 'vitest';
import type { Report } from '../../schemas/index.ts';
import { ReportMail } from '../../shared/agent/report-mail.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { systemClock } from '../../shared/clock.ts';
import { WaggleError } from '../../shared/errors.ts';
import { silentLog } from '../../shared/log.ts';
import { project, startHive } from '../support/orchestrator.ts';

const report: Report = { v: 1, kind: 'progress', id: 'p-1', task: 't', fence: 1, run: 'r', note: 'half' };

/** A server that has forgotten every id, over a connection that loses its first acknowledgement. */
function forgetful(bus: Bus): Bus {
  let isLost = true;
  return {
    ...bus,
    async append(subject, payload, { messageId: _, ...options } = {}) {
      const stored = await bus.append(subject, payload, options);
      if (!isLost) return stored;
      isLost = false;
      throw new WaggleError('bus-timeout', { what: subject, timeoutMs: 0 });
    },
  };
}

async function setUp() {
  const hive = await startHive();
  onTestFinished(() => hive.stop());
  const bus = await hive.connect('w');
  let ahead = 0;
  const options = {
    swarm: forgetful(bus),
    project,
    agent: 'w',
    clock: { ...systemClock, monotonic: () => systemClock.monotonic() + ahead },
    log: silentLog,
  };
  const target = { kind: 'agent', name: 'orchestrator' } as const;
  return {
    options,
    pass: (ms: number) => {
      ahead += ms;
    },
    stored: async () => {
      const { mails } = await createReader(bus, project, 'w').mail({ target, from: 'w', last: 10 });
      return mails.map(({ seq }) => seq);
    },
  };
}

test('a word of progress whose acknowledgement was lost goes out once, though the server has forgotten it', async () => {
  const { options, pass, stored } = await setUp();
  const mails = new ReportMail({ ...options, left: [] });
  await expect(mails.send(report)).rejects.toMatchObject({ code: 'bus-timeout' });
  pass(31_000);
  const { seq, isRepeat } = await mails.send(report);
  expect([await stored(), isRepeat]).toEqual([[seq], true]);
});

test('one that a predecessor left, and had sent, goes out once', async () => {
  const { options, stored } = await setUp();
  await expect(new ReportMail({ ...options, left: [] }).send(report)).rejects.toMatchObject({
    code: 'bus-timeout',
  });
  const { seq } = await new ReportMail({ ...options, left: [report.id] }).send(report);
  expect(await stored()).toEqual([seq]);
  const other = await new ReportMail({ ...options, left: ['p-2'] }).send({ ...report, id: 'p-2' });
  expect([await stored(), other.isRepeat]).toEqual([[seq, other.seq], false]);
});
