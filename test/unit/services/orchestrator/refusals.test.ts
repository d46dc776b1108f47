import { expect, test } from 'vitest';
import { Refusals } from '../../../../services/orchestrator/refusals.ts';
import { keptLog } from '../../../support/kept-log.ts';

test('every refusal is counted by kind, and logged once for each kind and sender', () => {
  const log = keptLog();
  const refusals = new Refusals(log);
  for (const [what, from] of [
    ['claim', 'a'],
    ['claim', 'a'],
    ['claim', 'b'],
    ['mail', 'a'],
  ] as const) {
    refusals.count(what, from, 'bad');
  }
  expect(refusals.counts()).toEqual({ claim: 3, mail: 1 });
  expect(log.lines.map(({ fields }) => `${fields['what']}/${fields['from']}`)).toEqual([
    'claim/a',
    'claim/b',
    'mail/a',
  ]);
});

test('a crowd of senders fills neither the log nor the memory', () => {
  const log = keptLog();
  const refusals = new Refusals(log);
  for (let n = 0; n < 5_000; n += 1) refusals.count('claim', `s-${n}`, 'bad');
  expect(refusals.counts()).toEqual({ claim: 5_000 });
  expect(log.lines).toHaveLength(1_000);
});
