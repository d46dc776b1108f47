import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredMail } from '../../../../schemas/index.ts';
import { type LiveMail, MailTrail } from '../../../../shared/bus/mail-trail.ts';

const mailAt = (seq: number): StoredMail => ({
  seq,
  from: 'ada',
  to: { kind: 'topic', name: 'news' },
  mail: { v: 1, id: `m${seq}`, kind: 'message', at: 1 },
});
const live = (seq: number, before: number, more: Partial<LiveMail> = {}): LiveMail => ({
  seq,
  before,
  bytes: 10,
  mail: mailAt(seq),
  ...more,
});

/** A trail that has read the stream up to `last`. */
function settled(last: number, limits: ConstructorParameters<typeof MailTrail>[1] = {}): MailTrail {
  const trail = new MailTrail(0, limits);
  trail.settle();
  trail.covers(last, last);
  return trail;
}

function takeAll(trail: MailTrail): number[] {
  const seqs: number[] = [];
  for (let mail = trail.next(); mail !== undefined; mail = trail.next()) seqs.push(mail.seq);
  return seqs;
}

describe('a mail trail', () => {
  it('begins with a reading of the stream, and gives live mail after it', () => {
    const trail = new MailTrail(5);
    expect(trail.need).toBe('gap');
    trail.take(live(8, 6));
    expect(trail.next()).toBeUndefined();
    trail.settle();
    expect(trail.missing([mailAt(6)]).map(({ seq }) => seq)).toEqual([6]);
    expect(trail.covers(7, 7)).toBe(true);
    expect(takeAll(trail)).toEqual([8]);
  });

  it('gives live mail that follows on what it knows, and each once', () => {
    const trail = settled(10);
    for (const one of [live(12, 9), live(15, 12), live(15, 12), live(9, 3)]) trail.take(one);
    expect(takeAll(trail)).toEqual([12, 15]);
    expect(trail.missing([mailAt(11), mailAt(12), mailAt(15)]).map(({ seq }) => seq)).toEqual([11]);
  });

  it('holds what comes after a gap until the stream has been read', () => {
    const trail = settled(10);
    for (const one of [live(12, 10), live(16, 14), live(17, 16)]) trail.take(one);
    expect(takeAll(trail)).toEqual([12]);
    expect(trail.need).toBe('gap');
    trail.settle();
    const page = [12, 14, 16].map(mailAt);
    expect(trail.missing(page).map(({ seq }) => seq)).toEqual([14, 16]);
    trail.covers(16, 16);
    expect(takeAll(trail)).toEqual([17]);
    expect(trail.need).toBe('none');
  });

  it('holds what comes while somebody doubts, and goes on where it was only time to look', () => {
    const trail = settled(10);
    trail.doubt('look');
    trail.take(live(11, 10));
    expect(takeAll(trail)).toEqual([11]);
    trail.doubt('gap');
    trail.doubt('look');
    trail.take(live(12, 11));
    expect(trail.need).toBe('gap');
    expect(takeAll(trail)).toEqual([]);
  });

  it('passes over what is none of its mail, and knows it as seen', () => {
    const trail = settled(10);
    trail.take({ seq: 11, before: 10, bytes: 1 });
    trail.take(live(12, 11));
    expect(takeAll(trail)).toEqual([12]);
    expect(trail.complete).toBe(12);
  });

  it.each([
    ['many', 1_001, 10],
    ['long', 9, 1_000_000],
  ])('holds no more than its bounds: too %s, all of it is left to be read', (_, count, bytes) => {
    const trail = settled(0);
    trail.doubt('gap');
    for (let seq = 1; seq <= count; seq += 1) trail.take(live(seq, seq - 1, { bytes }));
    expect(trail.held).toBe(0);
    trail.settle();
    trail.take(live(count + 1, count));
    expect(trail.held).toBe(1);
    // It was dropped by name: what follows on it shows the gap.
    expect(takeAll(trail)).toEqual([]);
    expect(trail.need).toBe('gap');
  });

  it('looks into the stream after so many mails that it remembers', () => {
    const trail = settled(0, { unverified: 3 });
    for (const seq of [2, 4, 6]) trail.take(live(seq, seq === 2 ? 0 : seq - 2));
    expect(takeAll(trail)).toEqual([2, 4, 6]);
    expect(trail.need).toBe('none');
    trail.take(live(8, 6));
    expect(takeAll(trail)).toEqual([8]);
    expect(trail.need).toBe('look');
  });

  it('begins anew where the stream has lost its end', () => {
    const trail = settled(100);
    trail.settle();
    expect(trail.covers(100, 3)).toBe(true);
    trail.take(live(4, 2));
    expect(takeAll(trail)).toEqual([4]);
  });

  it('tells how far behind the reader is', () => {
    const trail = new MailTrail(0);
    trail.settle();
    trail.sees(500);
    expect(trail.lag(100, false)).toBe(400);
    trail.covers(500, 500);
    expect(trail.lag(500, true)).toBe(0);
    // The last of the reader's mail is the end, whatever others got.
    expect(trail.lag(490, true)).toBe(0);
    trail.take(live(510, 500));
    expect(trail.lag(500, true)).toBe(10);
  });

  it('gives every mail once and in order, whatever is lost on the way and told', () => {
    const event = fc.oneof(
      { weight: 6, arbitrary: fc.constant('store' as const) },
      { weight: 1, arbitrary: fc.constant('lose' as const) },
      { weight: 3, arbitrary: fc.constant('give' as const) },
      { weight: 2, arbitrary: fc.constant('read' as const) },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), fc.boolean(), (events, isTold) => {
        const trail = new MailTrail(0, { held: 5, unverified: 4 });
        const stored: number[] = [];
        const given: number[] = [];
        const read = () => {
          trail.settle();
          for (;;) {
            const page = stored.filter((seq) => seq > trail.complete).slice(0, 3);
            const last = stored.at(-1) ?? 0;
            given.push(...trail.missing(page.map(mailAt)).map(({ seq }) => seq));
            if (trail.covers(page.length < 3 ? last : (page.at(-1) ?? last), last)) break;
          }
        };
        const give = () => {
          if (trail.need !== 'none') read();
          given.push(...takeAll(trail));
        };
        for (const one of [...events, 'give' as const, 'read' as const]) {
          const [before, seq] = [stored.at(-1) ?? 0, (stored.at(-1) ?? 0) + 2];
          if (one === 'store' || one === 'lose') stored.push(seq);
          if (one === 'store') trail.take(live(seq, before));
          if (one === 'lose' && isTold) trail.doubt('gap');
          if (one === 'give') give();
          if (one === 'read') read();
        }
        expect(given).toEqual(stored);
      }),
    );
  });
});
