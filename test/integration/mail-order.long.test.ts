import { it } from 'vitest';
import { expectMailInOrder } from '../support/mail-order.ts';

const size = { writers: 20, messages: 500, readers: 8, timeoutMs: 120_000 };

it('20 writers and 10,000 mails: every reader sees every mail once, in order', async () => {
  await expectMailInOrder({ ...size, kills: 0, seed: 3 });
}, 180_000);

it('20 writers and 10,000 mails, the server killed twice: none lost, none doubled', async () => {
  await expectMailInOrder({ ...size, kills: 2, seed: 4 });
}, 180_000);
