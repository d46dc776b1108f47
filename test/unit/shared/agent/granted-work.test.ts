import { expect, test } from 'vitest';
import type { ReportAnswer } from '../../../../schemas/index.ts';
import { AgentState } from '../../../../shared/agent/agent-state.ts';
import type { Asked, GrantSource } from '../../../../shared/agent/grant-source.ts';
import { type Loop, type MoreWork, perform, type ReportDesk } from '../../../../shared/agent/granted-work.ts';
import type { HeldGrant } from '../../../../shared/agent/held-grant.ts';
import { silentLog } from '../../../../shared/log.ts';
import { passingTime } from '../../../support/quiet-board.ts';

const WAIT_MS = 20_000;
const never = new AbortController().signal;
const head = { v: 1, term: 1, journal_seq: 1, genesis: 'g' } as const;

/** What happens where work in hand asks for more, and each claim waits as long as it may and brings nothing. */
async function askForMore(asks: readonly { readonly isCarrying: boolean; readonly report?: ReportAnswer }[]) {
  const clock = passingTime();
  const left = [...asks];
  const told: string[] = [];
  const source = {
    async ask(_: AbortSignal, waitMs = 0): Promise<Asked> {
      const { isCarrying = false, report } = left.shift() ?? {};
      // One whose report is decided is answered at once.
      if (report === undefined) await clock.pass(waitMs);
      told.push(isCarrying ? 'claim with a report' : 'claim');
      return {
        answer: { ...head, kind: 'nothing', ...(report === undefined ? {} : { report }) },
        isCarrying,
      };
    },
    async withdraw() {
      told.push('withdrawn');
    },
  } as unknown as GrantSource;
  const loop = {
    options: {
      clock,
      log: silentLog,
      drainMs: 0,
      async perform(_held: HeldGrant, _desk: ReportDesk, more: MoreWork) {
        expect(await more(WAIT_MS, never)).toBeUndefined();
        return undefined;
      },
    },
    source,
    courier: {},
    held: new Set(),
    lease: { become() {} },
    state: new AgentState(),
    pause: { begins: never },
    draining: never,
    killed: never,
    leaving: never,
    stop() {},
    unasked: 0,
  } as unknown as Loop;
  await perform(loop, {
    kind: 'work',
    task: 't',
    fence: 1,
    run: 'r',
    lease_ms: 1_000,
  } as unknown as Parameters<typeof perform>[1]);
  return told;
}

test('a report that was decided is told with the first claim, and the next one waits', async () => {
  const report = { v: 1, id: 'r', status: 'accepted' } as unknown as ReportAnswer;
  expect(await askForMore([{ isCarrying: true, report }, { isCarrying: false }])).toEqual([
    'claim with a report',
    'claim',
  ]);
});

test('a report whose mail is not read in time is mailed too: whoever asked may live on', async () => {
  expect(await askForMore([{ isCarrying: true }, { isCarrying: true }])).toEqual([
    'claim with a report',
    'claim with a report',
    'withdrawn',
  ]);
});
