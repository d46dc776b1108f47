import { expect, test, vi } from 'vitest';
import type { MailRecord } from '../../../../schemas/index.ts';
import { MailAlert, type MailAlertOptions } from '../../../../shared/agent/mail-alert.ts';
import { silentLog } from '../../../../shared/log.ts';
import type { Watched, WatchQuery } from '../../../../shared/mail/desk.ts';
import { mailId } from '../../../../shared/mail/message-id.ts';

const mail = (seq: number, more: Partial<MailRecord> = {}): MailRecord => ({
  id: mailId(0, seq),
  from: 'alice',
  to: '@bob',
  time: '1970-01-01T00:00:00Z',
  body: `body ${seq}`,
  priority: 'high',
  ...more,
});

/** Bob's mail as a list that grows; a watch yields what comes after its sequence, and breaks when it is told to. */
function mailOf(records: MailRecord[]) {
  let wake = () => {};
  let breaks = 0;
  const asked: WatchQuery[] = [];
  const desk: MailAlertOptions['desk'] = {
    agent: 'bob',
    log: async () => ({ records: [], last: records.length }),
    async *watch(query, signal): AsyncGenerator<Watched> {
      asked.push(query);
      signal.addEventListener('abort', () => wake(), { once: true });
      for (let at = query.after ?? 0; !signal.aborted; ) {
        const record = records[at];
        if (breaks > 0) {
          breaks -= 1;
          throw new Error('the socket is gone');
        }
        if (record === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (signal.aborted) resolve();
          });
          continue;
        }
        at += 1;
        yield { record, lag: 0 };
      }
    },
  };
  return {
    desk,
    asked,
    /** Each is the next of MAIL. */
    add(...more: MailRecord[]) {
      records.push(...more);
      wake();
    },
    breakOnce() {
      breaks += 1;
      wake();
    },
  };
}

const noWait = { sleep: () => Promise.resolve() };
const alertOf = (desk: MailAlertOptions['desk'], more: Partial<MailAlertOptions> = {}) =>
  new MailAlert({ desk, clock: noWait, log: silentLog, ...more });

test('urgent mail to an agent that cannot be steered is counted until it is settled', async () => {
  const box = mailOf([mail(1)]);
  const alert = alertOf(box.desk);
  alert.start();
  expect(alert.line()).toBeUndefined();
  await vi.waitFor(() => expect(box.asked).toEqual([{ target: { kind: 'agent', name: 'bob' }, after: 1 }]));
  box.add(mail(2, { priority: 'normal' }), mail(3), mail(4, { from: 'bob' }), mail(5, { from: 'carol' }));
  await vi.waitFor(() => expect(alert.line()).toBe('2 urgent mails wait: fmail inbox'));
  expect(alert.pending()).toEqual([
    { id: mailId(0, 3), from: 'alice' },
    { id: mailId(0, 5), from: 'carol' },
  ]);
  alert.settle(mailId(0, 3));
  expect(alert.line()).toBe('1 urgent mail waits: fmail inbox');
  alert.settle('5');
  expect([alert.line(), alert.pending()]).toEqual([undefined, []]);
  await alert.stop();
});

test('a harness that can be steered gets each urgent mail at once, in order, and nothing is pending', async () => {
  const box = mailOf([]);
  const steered: string[] = [];
  const alert = alertOf(box.desk, {
    steer: async (text) => {
      steered.push(text);
    },
  });
  alert.start(0);
  box.add(mail(1), mail(2, { priority: 'low' }), mail(3));
  await vi.waitFor(() => expect(steered).toHaveLength(2));
  expect(steered[0]).toContain(`${mailId(0, 1)} from alice, priority high\n> body 1`);
  expect(steered[1]).toContain('> body 3');
  await vi.waitFor(() => expect(alert.pending()).toEqual([]));
  await alert.stop();
});

test('what could not be steered waits for the next answer', async () => {
  const box = mailOf([]);
  const alert = alertOf(box.desk, { steer: () => Promise.reject(new Error('busy')), look: 'mail_inbox' });
  alert.start(0);
  box.add(mail(1));
  await vi.waitFor(() => expect(alert.line()).toBe('1 urgent mail waits: mail_inbox'));
  await alert.stop();
});

test('following goes on after a fault where it was, and no mail alerts twice', async () => {
  const box = mailOf([]);
  const steered: string[] = [];
  const alert = alertOf(box.desk, {
    steer: async (text) => {
      steered.push(text);
    },
  });
  alert.start(0);
  box.add(mail(1));
  await vi.waitFor(() => expect(steered).toHaveLength(1));
  box.breakOnce();
  await vi.waitFor(() => expect(box.asked).toHaveLength(2));
  box.add(mail(2));
  await vi.waitFor(() => expect(steered).toHaveLength(2));
  expect(box.asked.map(({ after }) => after)).toEqual([0, 1]);
  await alert.stop();
});

test('mail that was found otherwise counts once, however often it is told', async () => {
  const box = mailOf([]);
  const alert = alertOf(box.desk);
  alert.note(mail(1));
  alert.note(mail(2, { priority: 'normal' }));
  alert.start(0);
  box.add(mail(1));
  await vi.waitFor(() => expect(box.asked).toHaveLength(1));
  expect(alert.line()).toBe('1 urgent mail waits: fmail inbox');
  await alert.stop();
});
