import { expect, test } from 'vitest';
import { ID_PATTERN } from '../../../../schemas/limits.ts';
import { storeId } from '../../../../shared/mail/store-id.ts';

test('an id is its sender’s: no choice of another gives the same one', () => {
  const ids = [
    storeId('ada', 'message', '1'),
    storeId('bob', 'message', '1'),
    storeId('ada', 'message', 'bob.message.1'),
    storeId('ada', 'message', 'ada.receipt.1.read'),
    storeId('ada', 'receipt', '1.read'),
    storeId('message', 'message', '1'),
  ];
  expect(new Set(ids).size).toBe(ids.length);
});

test('a long one stays an id, and two that end differently stay two', () => {
  const agent = 'a'.repeat(63);
  const ids = ['x', 'y'].map((end) => storeId(agent, 'copy', `9.agent.${'b'.repeat(62)}${end}`));
  expect(ids[0]).not.toBe(ids[1]);
  for (const id of ids) expect(id).toMatch(new RegExp(ID_PATTERN));
});
