import { expect, test } from 'vitest';
import type { StoredMail } from '../../../../schemas/index.ts';
import { allowance } from '../../../../shared/mail/allowance.ts';

const MIB = 1024 ** 2;
const mail = (more: Partial<StoredMail['mail']>): StoredMail => ({
  seq: 1,
  from: 'ada',
  to: { kind: 'topic', name: 't' },
  mail: { v: 1, id: 'm', kind: 'message', at: 1, ...more },
});
const filed = (bytes: number) =>
  mail({ body_file: { owner: 'ada', sha256: '0'.repeat(64), size_bytes: bytes, chunks: 1 } });

test('an answer may hold so many bytes of bodies, wherever they lie, and says what to do with more', () => {
  const allow = allowance(2 * MIB);
  allow([mail({ body: 'x'.repeat(1_000) }), filed(MIB)]);
  allow([mail({})]);
  expect(() => allow([filed(MIB)])).toThrow(/^more than 2 MiB of mail: name a lower limit/);
});

test('without a bound there is none', () => {
  const allow = allowance();
  for (let n = 0; n < 100; n += 1) allow([filed(100 * MIB)]);
  expect(() => allow([filed(MIB)])).not.toThrow();
});
