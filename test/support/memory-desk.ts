/**
 * A mail desk that keeps its mail in memory, for tests of what stands on the port alone.
 */
import type { MailRecord } from '../../schemas/index.ts';
import { WaggleError } from '../../shared/errors.ts';
import type { MailChoice, MailDesk, MailDraft } from '../../shared/mail/desk.ts';
import { mailId, rfc3339, targetText } from '../../shared/mail/message-id.ts';
import { bodyValue, sequenceOf } from '../../shared/mail/record.ts';

export interface MemoryMail {
  /** What is stored, by everybody. */
  readonly records: MailRecord[];
  desk(agent: string): MailDesk;
  /** Stores one as if `from` had sent it, at a time. */
  put(from: string, to: string, body: string, at?: number): MailRecord;
  /** How many watches are open. */
  watches(): number;
  /** How many mails were asked of the watches so far. */
  handed(): number;
}

/** `project` is that of all its desks. */
export function memoryMail(project = 'test'): MemoryMail {
  const records: MailRecord[] = [];
  const ids = new Map<string, MailRecord>();
  const waiting = new Set<() => void>();
  const statuses = new Map<string, string>();
  const names = new Map<string, string>();
  let watches = 0;
  let handed = 0;

  const put = (
    from: string,
    to: string,
    body: string,
    at = 1_770_638_400_000,
    more: Partial<MailRecord> = {},
  ) => {
    const record = {
      id: mailId(at, records.length + 1),
      from,
      to,
      time: rfc3339(at),
      body: bodyValue(body),
      ...more,
    };
    records.push(record);
    for (const wake of [...waiting]) wake();
    return record;
  };
  const isChosen =
    ({ target, everything, from }: MailChoice) =>
    (record: MailRecord) => {
      if (from !== undefined && record.from !== from) return false;
      if (target !== undefined) return record.to === targetText({ kind: target.kind, name: target.name });
      return everything === true || !record.to.startsWith('@');
    };
  const found = (seq: number): MailRecord => {
    const record = records[seq - 1];
    if (record === undefined)
      throw new WaggleError('mail-unknown', { message: `there is no message ${seq}` });
    return record;
  };
  const who = (name: string) => ({ name, first_seen: rfc3339(0), last_seen: rfc3339(0) });

  const desk = (agent: string): MailDesk => ({
    agent,
    project,
    async send({ id, to, body, replyTo, priority, tags, ackWithinMs, host }: MailDraft) {
      const known = ids.get(id);
      if (known !== undefined) return known;
      const record = put(agent, targetText({ kind: to.kind, name: to.name }), body, undefined, {
        ...(replyTo === undefined ? {} : { reply_to: replyTo }),
        ...(priority === undefined ? {} : { priority }),
        ...(host === undefined ? {} : { host }),
        ...(tags === undefined ? {} : { tags: [...tags] }),
        ...(ackWithinMs === undefined ? {} : { ack_within_ms: ackWithinMs }),
      });
      ids.set(id, record);
      return record;
    },
    async log({ limit, since, ...choice }) {
      const chosen = records.filter(isChosen(choice)).filter((record) => {
        if (since === undefined) return true;
        return 'seq' in since ? sequenceOf(record) >= since.seq : Date.parse(record.time) >= since.at;
      });
      return { records: limit === 0 ? chosen : chosen.slice(-limit), last: records.length };
    },
    async *watch({ after = records.length, ...choice }, signal) {
      watches += 1;
      let wake = () => {};
      const onWake = () => wake();
      waiting.add(onWake);
      signal.addEventListener('abort', onWake);
      try {
        for (let at = after; !signal.aborted; ) {
          const record = records[at];
          if (record === undefined) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
            continue;
          }
          at += 1;
          if (!isChosen(choice)(record)) continue;
          handed += 1;
          yield { record, lag: records.length - at };
        }
      } finally {
        watches -= 1;
        waiting.delete(onWake);
        signal.removeEventListener('abort', onWake);
      }
    },
    who: async () => [...names.keys()].map(who),
    topics: async () => [],
    async register(name = 'free-name') {
      const holder = names.get(name);
      if (holder !== undefined && holder !== agent) throw new WaggleError('name-taken', { name });
      names.set(name, agent);
      return who(name);
    },
    status: async () => statuses.get(agent),
    async setStatus(text) {
      if (text === undefined) statuses.delete(agent);
      else statuses.set(agent, text);
    },
    async inbox({ limit }) {
      const mine = records.filter(({ to }) => to === `@${agent}`);
      return mine.slice(limit === 0 ? 0 : -limit).map((record) => ({ record, state: 'unread' as const }));
    },
    read: async (seq) => found(seq),
    ack: async (seq) => found(seq),
    trace: async (seq) => ({ record: found(seq), receipts: [] }),
    thread: async (seq) => [found(seq)],
    search: async ({ text, limit, ...choice }) =>
      records
        .filter(isChosen(choice))
        .filter(({ body }) => String(body).includes(text))
        .slice(-limit),
    deadLetters: async () => [],
    redeliver: async (seq) => found(seq),
    async close() {},
  });
  return { records, desk, put, watches: () => watches, handed: () => handed };
}
