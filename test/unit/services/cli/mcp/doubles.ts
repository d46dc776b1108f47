/**
 * Hand-written doubles of the two ports that the tools stand on, which remember what was asked of them.
 */
import type { MailRecord } from '../../../../../schemas/index.ts';
import type { CurrentTask, TaskDesk } from '../../../../../shared/agent/task-desk.ts';
import type { InboxItem, MailDesk, MailDraft } from '../../../../../shared/mail/desk.ts';
import { mailId } from '../../../../../shared/mail/message-id.ts';
import { sequenceOf } from '../../../../../shared/mail/record.ts';

export const mail = (seq: number, more: Partial<MailRecord> = {}): MailRecord => ({
  id: mailId(0, seq),
  from: 'alice',
  to: '@bob',
  time: '1970-01-01T00:00:00Z',
  body: `body ${seq}`,
  ...more,
});

export const task: CurrentTask = {
  task: 'fix-it',
  title: 'Fix it',
  fence: 7,
  run: 'run-1',
  attempt: 1,
  expects: 'change',
  paths: ['src'],
  labels: [],
  gates: ['VG-TEST'],
};

export interface FakeMail {
  readonly desk: MailDesk;
  readonly items: InboxItem[];
  readonly sent: MailDraft[];
  isClosed: boolean;
}

/** Bob's mail. A closed one throws what it is given. */
export function fakeMail(records: readonly MailRecord[] = [], whenClosed?: Error): FakeMail {
  const items: InboxItem[] = records.map((record) => ({ record, state: 'unread' }));
  const sent: MailDraft[] = [];
  const check = () => {
    if (fake.isClosed) throw whenClosed ?? new Error('closed');
  };
  const move = async (seq: number, state: InboxItem['state']) => {
    check();
    const at = items.findIndex(({ record }) => sequenceOf(record) === seq);
    const found = items[at];
    if (found === undefined) throw new Error(`no mail ${seq}`);
    items[at] = { record: found.record, state };
    return found.record;
  };
  const desk: Partial<MailDesk> = {
    agent: 'bob',
    project: 'test',
    async send(draft) {
      check();
      sent.push(draft);
      const to = draft.to.kind === 'agent' ? `@${draft.to.name}` : draft.to.name;
      return mail(100 + sent.length, { from: 'bob', to, body: draft.body });
    },
    async inbox({ limit, unreadOnly }) {
      check();
      const chosen = items.filter(({ state }) => unreadOnly !== true || state === 'unread');
      return limit === 0 ? chosen : chosen.slice(0, limit);
    },
    read: (seq) => move(seq, 'read'),
    ack: (seq) => move(seq, 'acknowledged'),
    who: async () => [{ name: 'alice', first_seen: 'then', last_seen: 'now', task: 'other' }],
    async close() {
      fake.isClosed = true;
    },
  };
  const fake: FakeMail = { desk: desk as MailDesk, items, sent, isClosed: false };
  return fake;
}

/** A run's task; `said` holds what was told, in order. */
export function fakeTasks(next: readonly CurrentTask[] = []) {
  const said: unknown[][] = [];
  const waiting = [...next];
  const desk: TaskDesk & { close(): Promise<void> } = {
    current: async () => task,
    progress: async (text) => void said.push(['progress', text]),
    done: async (note) => void said.push(['done', note]),
    block: async (reason) => void said.push(['block', reason]),
    async add(draft) {
      said.push(['add', draft]);
      return { id: 'new-1' };
    },
    next: async () => waiting.shift(),
    close: async () => void said.push(['close']),
  };
  return { desk, said };
}
