import { expect, test } from 'vitest';
import { unreadMail } from '../../../../services/worker/unread-mail.ts';
import { silentLog } from '../../../../shared/log.ts';
import { memoryMail } from '../../../support/memory-desk.ts';

const never = new AbortController().signal;

test('what waits stands in a section, and nothing stands where nothing waits', async () => {
  const mail = memoryMail();
  expect(await unreadMail(mail.desk('bob'), silentLog, never)).toBeUndefined();
  mail.put('ada', '@bob', 'hello');
  expect(await unreadMail(mail.desk('bob'), silentLog, never)).toContain('\n> hello');
});

test('that the mail cannot be read is said, unless the run is over', async () => {
  const inbox = () => Promise.reject(new Error('nobody answers'));
  expect(await unreadMail({ inbox }, silentLog, never)).toContain('`fmail inbox` shows what waits');
  expect(await unreadMail({ inbox }, silentLog, AbortSignal.abort())).toBeUndefined();
});
