import { describe, expect, it } from 'vitest';
import type { MailRecord } from '../../../../schemas/index.ts';
import { inboxMail } from '../../../../services/cli/inbox-mail.ts';
import type { LogQuery } from '../../../../shared/mail/desk.ts';

const { signal } = new AbortController();

/** Every hundredth is a message, every fiftieth beside it a notice, the others are reports. */
const records = Array.from({ length: 5_000 }, (_, index): MailRecord => {
  const seq = index + 1;
  const kind = seq % 100 === 0 ? {} : { kind: seq % 50 === 0 ? ('notice' as const) : ('report' as const) };
  return { id: `20260209-110000-${seq}`, from: 'w1', to: '@orchestrator', time: '', body: 'x', ...kind };
});

function deskOf(all: readonly MailRecord[]) {
  const asked: number[] = [];
  return {
    asked,
    desk: {
      async log({ limit }: LogQuery) {
        asked.push(limit);
        return { records: limit === 0 ? all : all.slice(-limit), last: all.length };
      },
    },
  };
}

const ids = (found: { records: readonly MailRecord[] }) =>
  found.records.map(({ id }) => Number(id.slice(16)));

describe('the mail of the orchestrator inbox', () => {
  it('is found among many reports, the newest so many, oldest first', async () => {
    const { desk, asked } = deskOf(records);
    const found = await inboxMail(desk, { kinds: ['message'], limit: 5 }, signal);
    expect([ids(found), found.last]).toEqual([[4_600, 4_700, 4_800, 4_900, 5_000], 5_000]);
    expect(asked).toEqual([256, 1_024]);
  });

  it('is looked for to the first mail when there are few', async () => {
    const { desk } = deskOf(records);
    expect(ids(await inboxMail(desk, { kinds: ['message'], limit: 500 }, signal))).toHaveLength(50);
    expect(ids(await inboxMail(deskOf([]).desk, { kinds: ['message'], limit: 20 }, signal))).toEqual([]);
  });

  it('without a limit is all of it, notices too when they are wished', async () => {
    const { desk, asked } = deskOf(records);
    expect(ids(await inboxMail(desk, { kinds: ['message', 'notice'], limit: 0 }, signal))).toHaveLength(100);
    expect(asked).toEqual([0]);
  });
});
