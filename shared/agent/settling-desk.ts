/**
 * A mail desk whose user is told of urgent mail besides (`mail-alert.ts`): what passes over the desk has been seen.
 */
import type { MailRecord } from '../../schemas/index.ts';
import type { MailDesk } from '../mail/desk.ts';
import type { MailAlert } from './mail-alert.ts';

/** The same desk; the alert counts no mail any more that it has handed over. */
export function settlingDesk(desk: MailDesk, alert: Pick<MailAlert, 'settle'>): MailDesk {
  const seen = (records: readonly MailRecord[]): void => {
    for (const { id, priority } of records) if (priority === 'high') alert.settle(id);
  };
  const one = async (work: Promise<MailRecord>): Promise<MailRecord> => {
    const record = await work;
    seen([record]);
    return record;
  };
  const many = async (work: Promise<readonly MailRecord[]>): Promise<readonly MailRecord[]> => {
    const records = await work;
    seen(records);
    return records;
  };
  return {
    ...desk,
    async log(query, signal) {
      const found = await desk.log(query, signal);
      seen(found.records);
      return found;
    },
    async *watch(query, signal) {
      for await (const watched of desk.watch(query, signal)) {
        seen([watched.record]);
        yield watched;
      }
    },
    async inbox(query, signal) {
      const items = await desk.inbox(query, signal);
      seen(items.map(({ record }) => record));
      return items;
    },
    read: (seq, signal) => one(desk.read(seq, signal)),
    ack: (seq, signal) => one(desk.ack(seq, signal)),
    thread: (seq, signal) => many(desk.thread(seq, signal)),
    search: (query, signal) => many(desk.search(query, signal)),
  };
}
