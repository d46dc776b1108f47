import { unpack } from 'msgpackr';
import { expect, test } from 'vitest';
import { notifyHalts } from '../../../../services/orchestrator/end-notices.ts';
import type { Bus } from '../../../../shared/bus/port.ts';

test('a run that must end is named to its agent', () => {
  const sent: { subject: string; body: unknown }[] = [];
  const swarm = {
    publish: (subject: string, payload: Uint8Array) => void sent.push({ subject, body: unpack(payload) }),
  } as Partial<Bus> as Bus;
  notifyHalts(swarm, 'demo', [{ agent: 'w1', fence: 7, why: 'the budget is used up' }]);
  expect(sent).toEqual([
    {
      subject: 'wg.demo.control.w1',
      body: { v: 1, kind: 'halt', fence: 7, reason: 'the budget is used up' },
    },
  ]);
});
