import { expect, test } from 'vitest';
import { compareMail, type FoundMail, type KnownMail } from '../../../../services/orchestrator/continuity.ts';

const known = (more: Partial<KnownMail> = {}): KnownMail => ({
  created: 'then',
  seq: 10,
  at: 1_000,
  ...more,
});
const found = (more: Partial<FoundMail> = {}): FoundMail => ({
  created: 'then',
  firstSeq: 1,
  lastSeq: 12,
  at: 1_000,
  ...more,
});

test.each<[string, string, string, Partial<KnownMail>, Partial<FoundMail>]>([
  ['nothing happened', 'same', '', {}, {}],
  ['nothing was ever consumed', 'same', '', { created: undefined, seq: 0, at: undefined }, { at: undefined }],
  ['the consumed one is the last', 'same', '', {}, { lastSeq: 10 }],
  ['gc removed what was consumed before', 'same', '', {}, { firstSeq: 10 }],
  ['gc removed the consumed one as well', 'same', '', {}, { firstSeq: 11, at: undefined }],
  ['all of it was consumed and purged', 'same', '', {}, { firstSeq: 11, lastSeq: 10, at: undefined }],
  ['the consumed one alone was removed', 'same', '', {}, { at: undefined }],
  ['a batch of the first format does not say when', 'same', '', { at: undefined }, {}],
  ['what was not consumed is gone', 'purged', 'from 11 to 12 is gone', {}, { firstSeq: 13, at: undefined }],
  ['everything was purged', 'purged', 'from 11 to 12', {}, { firstSeq: 13, lastSeq: 12, at: undefined }],
  [
    'it was purged before anything was consumed',
    'purged',
    'from 1 to 3',
    { seq: 0, at: undefined },
    { firstSeq: 4 },
  ],
  ['its end was lost', 'cut', 'ends at 9, and was consumed up to 10', {}, { lastSeq: 9, at: undefined }],
  ['its end was lost and grew again', 'cut', 'another message stands at 10', {}, { at: 2_000 }],
  ['it is another stream', 'created-anew', 'anew at now; it was of then', {}, { created: 'now', lastSeq: 0 }],
  ['it is another stream that grew', 'created-anew', 'anew', {}, { created: 'now', at: 2_000 }],
])('where %s, MAIL is %s', (_, kind, reason, mail, stream) => {
  const verdict = compareMail(known(mail), found(stream));
  expect(verdict.kind).toBe(kind);
  if ('reason' in verdict) expect(verdict.reason).toContain(reason);
});
