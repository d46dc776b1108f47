import { it } from 'vitest';
import { expectMailInOrder } from '../support/mail-order.ts';

const size = { writers: 8, messages: 100, readers: 5, timeoutMs: 60_000 };

it('every reader sees every mail once, in order, whatever the senders’ clocks say', async () => {
  await expectMailInOrder({ ...size, kills: 0, seed: 1 });
}, 150_000);

it('no mail is lost and none is doubled while the server is killed twice', async () => {
  await expectMailInOrder({ ...size, kills: 2, seed: 2 });
}, 150_000);
