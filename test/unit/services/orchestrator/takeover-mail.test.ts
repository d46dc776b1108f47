import { expect, test } from 'vitest';
import type { ClaimAnswer, Report } from '../../../../schemas/index.ts';
import { takeMail } from '../../../../services/orchestrator/mail-intake.ts';
import { Refusals } from '../../../../services/orchestrator/refusals.ts';
import { emptyConfig } from '../../../../shared/board/state.ts';
import { encode } from '../../../../shared/bus/codec.ts';
import type { Bus } from '../../../../shared/bus/port.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLog } from '../../../../shared/log.ts';
import { about, beatBy, claimBy, grantOf, until } from '../../../support/asking.ts';
import { addTo, start } from '../../../support/held-writer.ts';

/** A report of a death, on its way behind a batch that waits for its acknowledgement; nothing refutes it yet. */
async function waitingTakeover() {
  const { journal, writer, board, sightings } = start();
  await until('it leads', () => journal.batches.length === 1);
  const policies = { ...emptyConfig.policies, lease_ms: 1 };
  const config = { ...emptyConfig, policies, roles: { taker: 'stale-takeover' as const } };
  await new Promise((resolve) =>
    writer.command('ada', { v: 1, kind: 'configure', id: 'c', config }, resolve),
  );
  await addTo(writer, 'one');
  const claimed = await new Promise<ClaimAnswer>((resolve) => writer.claim('w', claimBy('w'), resolve));
  const grant = grantOf(claimed);
  const report: Report = { ...about(grant), kind: 'takeover', reason: 'dead', silent_ms: 5 };
  const mail = { v: 1, id: 'm', kind: 'report', at: 1, report } as const;
  async function* read() {
    yield {
      seq: 1,
      at: 1_000,
      subject: 'wg.p.mail.taker.agent.orchestrator',
      ...encode('Mail', mail, 'json'),
    };
  }
  const beat = beatBy('w', {
    state: 'working',
    grants: [{ task: grant.task, fence: grant.fence, run: grant.run, phase: 'running', output_bytes: 0 }],
  });
  const newest = { stream: 'BEAT', seq: 1, at: 500, subject: 'wg.p.beat.w', ...encode('Beat', beat) };
  let looks = 0;
  let ahead = 0;
  const get = async () => {
    looks += 1;
    return newest;
  };
  journal.isHolding = true;
  void addTo(writer, 'two');
  await until('a batch is appended', () => journal.waits());
  const taking = takeMail(
    {
      swarm: { streams: { read, get } } as unknown as Bus,
      project: 'p',
      writer,
      sightings,
      refusals: new Refusals(silentLog),
      log: silentLog,
      clock: { ...systemClock, monotonic: () => ahead },
      after: 0,
    },
    new AbortController().signal,
  );
  await until('it was looked at', () => looks === 1);
  return {
    ownerOf: () => board.tasks.get('one')?.grant?.agent,
    looks: () => looks,
    beatIsStoredAt: (at: number) => {
      newest.at = at;
    },
    ackAfter: async (ms: number) => {
      ahead += ms;
      journal.isHolding = false;
      journal.ack();
      await taking;
      await until('it is consumed', () => writer.mailSeq() === 1);
    },
  };
}

test('an owner who says that it lives while a takeover waits for its turn is not robbed', async () => {
  const { ownerOf, beatIsStoredAt, ackAfter, looks } = await waitingTakeover();
  beatIsStoredAt(2_000);
  await ackAfter(1_000);
  expect([ownerOf(), looks()]).toEqual(['w', 2]);
});

test('one that nothing refutes is taken, and looked at once more only when its turn took long', async () => {
  const soon = await waitingTakeover();
  await soon.ackAfter(0);
  expect([soon.ownerOf(), soon.looks()]).toEqual([undefined, 1]);
  const late = await waitingTakeover();
  await late.ackAfter(1_000);
  expect([late.ownerOf(), late.looks()]).toEqual([undefined, 2]);
});
