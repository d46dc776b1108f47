import { describe, expect, it } from 'vitest';
import type { StoredMail } from '../../../../../schemas/index.ts';
import { recentMail } from '../../../../../services/cli/fmail/recent-mail.ts';
import type { MailQuery, Reader } from '../../../../../shared/bus/read-client.ts';

const { signal } = new AbortController();

/** A read service over `mails` in pages of 100, and the number of pages it gave. */
function serviceOf(mails: readonly StoredMail[]): { reader: Pick<Reader, 'mail'>; pages: () => number } {
  let pages = 0;
  const last = mails.length;
  return {
    pages: () => pages,
    reader: {
      async mail({ last: newest, after = 0, target }: MailQuery) {
        if (newest === 0) return { v: 1, kind: 'mail', mails: [], scanned_to: last, last };
        pages += 1;
        const fitting = mails.filter(
          ({ seq, to }) => seq > after && (target === undefined || to.name === target.name),
        );
        const taken = fitting.slice(0, 100);
        const scanned = taken.length < fitting.length ? (taken.at(-1)?.seq ?? last) : last;
        return { v: 1, kind: 'mail', mails: taken, scanned_to: scanned, last };
      },
    },
  };
}

/** Every tenth goes to a topic, the others are reports; a second apart. */
const mails = Array.from({ length: 20_000 }, (_, index): StoredMail => {
  const seq = index + 1;
  const to =
    seq % 10 === 0
      ? { kind: 'topic' as const, name: 'task' }
      : { kind: 'agent' as const, name: 'orchestrator' };
  return { seq, from: 'w1', to, mail: { v: 1, id: `m${seq}`, kind: 'message', at: seq * 1_000, body: 'x' } };
});

const seqs = (found: { mails: StoredMail[] }) => found.mails.map(({ seq }) => seq);

describe('the newest mails', () => {
  it('are found at the end of the stream, among many that nobody asked for', async () => {
    const { reader, pages } = serviceOf(mails);
    const found = await recentMail(reader as Reader, {}, 3, signal);
    expect(seqs(found)).toEqual([19_980, 19_990, 20_000]);
    expect(found.last).toBe(20_000);
    expect(pages()).toBeLessThan(5);
  });

  it('are looked for further back when there are few, down to the first', async () => {
    expect(seqs(await recentMail(serviceOf(mails).reader as Reader, {}, 5_000, signal))).toHaveLength(2_000);
    expect(seqs(await recentMail(serviceOf([]).reader as Reader, {}, 20, signal))).toEqual([]);
  });

  it('since a time are those, and no page is read that is much older', async () => {
    const { reader, pages } = serviceOf(mails);
    expect(seqs(await recentMail(reader as Reader, { since: 19_990_000 }, 20, signal))).toEqual([
      19_990, 20_000,
    ]);
    expect(pages()).toBeLessThan(60);
  });

  it('without a limit are all, in order', async () => {
    const found = await recentMail(
      serviceOf(mails).reader as Reader,
      { target: { kind: 'topic', name: 'task' } },
      0,
      signal,
    );
    expect(seqs(found)).toEqual(mails.filter(({ seq }) => seq % 10 === 0).map(({ seq }) => seq));
  });
});
