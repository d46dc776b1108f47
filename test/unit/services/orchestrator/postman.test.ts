import { expect, test } from 'vitest';
import type { Batch, Mail } from '../../../../schemas/index.ts';
import type { OwnMail, Told } from '../../../../services/orchestrator/own-mail.ts';
import { Postman } from '../../../../services/orchestrator/postman.ts';
import { decode } from '../../../../shared/bus/codec.ts';
import type { JournalPage } from '../../../../shared/bus/journal.ts';
import type { Bus } from '../../../../shared/bus/port.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { silentLog } from '../../../../shared/log.ts';
import { until } from '../../../support/asking.ts';

const batchAt = (seq: number): Batch => ({
  v: 1,
  id: `batch-${seq}`,
  term: 1,
  at: seq,
  mail_seq: 0,
  streams: {},
  events: [
    {
      type: 'granted',
      task: `t-${seq}`,
      grant: { kind: 'work', fence: seq, agent: 'w1', run: 'r', granted_at: seq },
    },
  ],
});

/** A journal that has every batch, and a MAIL whose answers the test may lose. */
function start(options: { after: number; upTo: number; told?: Told }) {
  const mails: Mail[] = [];
  const pages: number[] = [];
  let lose = 0;
  const journal = {
    async page(after: number, limit: number): Promise<JournalPage> {
      pages.push(after);
      const batches = Array.from({ length: limit }, (_, n) => after + 1 + n)
        .filter((seq) => seq <= 10_000)
        .map((seq) => ({ seq, batch: batchAt(seq) }));
      return { batches, last: 10_000 };
    },
  };
  const swarm: Pick<Bus, 'append'> = {
    async append(_, payload, { headers = {} } = {}) {
      mails.push(decode('Mail', { payload, headers }));
      if (lose > 0) {
        lose -= 1;
        throw new WaggleError('bus-timeout', { what: 'append', timeoutMs: 1 });
      }
      return { stream: 'MAIL', seq: mails.length, duplicate: false };
    },
  };
  const ownMail: OwnMail = {
    async last() {
      const last = mails.at(-1);
      return last === undefined ? undefined : { id: last.id, journalSeq: last.journal_seq ?? 0 };
    },
    lastOf: async () => undefined,
    reach: async () => 0,
  };
  const end = new AbortController();
  const common = {
    swarm: swarm as Bus,
    project: 'test',
    clock: systemClock,
    log: silentLog,
    journal,
    ownMail,
  };
  const postman = new Postman({ ...common, ...options });
  const running = postman.run(end.signal);
  return {
    postman,
    mails,
    pages,
    loseNext: () => {
      lose = 1;
    },
    async stop() {
      end.abort();
      await running;
    },
  };
}

/** Two mails for each batch: to the topic and to the inbox. */
const idsOf = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => [`batch-${from + n}.0`, `batch-${from + n}.1`]).flat();

test('a burst is told in order, and what is more than a few batches comes from the journal', async () => {
  const { postman, mails, pages, stop } = start({ after: 0, upTo: 0 });
  for (let seq = 1; seq <= 1_000; seq += 1) postman.post(batchAt(seq), seq);
  await until('all is told', () => postman.announced === 1_000);
  expect(mails.map(({ id }) => id)).toEqual(idsOf(1, 1_000));
  expect(pages.length).toBeGreaterThan(10);
  const read = pages.length;
  postman.post(batchAt(1_001), 1_001);
  await until('the next is told', () => postman.announced === 1_001);
  expect(pages).toHaveLength(read);
  expect(postman.lastMail).toBe('batch-1001.1');
  await stop();
});

test('a new leader goes on in the middle of a batch', async () => {
  const told = { id: 'batch-5.0', journalSeq: 5 };
  const { postman, mails, stop } = start({ after: 4, upTo: 7, told });
  await until('all is told', () => postman.announced === 7);
  expect(mails.map(({ id }) => id)).toEqual(['batch-5.1', ...idsOf(6, 7)]);
  await stop();
});

test('a mail whose answer was lost is not sent twice', async () => {
  const { postman, mails, loseNext, stop } = start({ after: 0, upTo: 0 });
  loseNext();
  postman.post(batchAt(1), 1);
  await until('it is told', () => postman.announced === 1);
  expect(mails.map(({ id }) => id)).toEqual(idsOf(1, 1));
  await stop();
});
