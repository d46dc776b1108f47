import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Report } from '../../../../schemas/index.ts';
import { openOutbox } from '../../../../shared/agent/outbox.ts';
import { keptLog } from '../../../support/kept-log.ts';
import { temporaryFolder } from '../../../support/repository.ts';

let place: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  place = temporaryFolder();
});
afterEach(() => place.remove());

const folder = () => join(place.path, 'outbox');
const report = (id: string): Report => ({
  v: 1,
  kind: 'progress',
  id,
  task: 't',
  fence: 1,
  run: 'r',
  note: id,
});
const ids = (reports: readonly Report[]) => reports.map(({ id }) => id);

test('reports are on disk, readable by nobody else, and come back oldest first', async () => {
  const first = await openOutbox(folder(), keptLog());
  for (const id of ['c', 'a', 'b']) await first.put(report(id));
  expect(statSync(folder()).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(folder())) expect(statSync(join(folder(), file)).mode & 0o777).toBe(0o600);
  const second = await openOutbox(folder(), keptLog());
  expect(ids(second.pending())).toEqual(['c', 'a', 'b']);
  await second.put(report('d'));
  await second.remove('a');
  await second.remove('never-there');
  expect(ids((await openOutbox(folder(), keptLog())).pending())).toEqual(['c', 'b', 'd']);
});

test('what cannot be read is set aside with a word, and half a file of a dead writer is ignored', async () => {
  const outbox = await openOutbox(folder(), keptLog());
  await outbox.put(report('good'));
  writeFileSync(join(folder(), '00000002.json'), '{"v":1');
  writeFileSync(join(folder(), '00000003.json'), '{"v":2,"kind":"progress"}');
  writeFileSync(join(folder(), '00000004.json.part'), '{"v":1');
  const log = keptLog();
  const again = await openOutbox(folder(), log);
  expect(ids(again.pending())).toEqual(['good']);
  expect(log.lines.map(({ level, fields }) => [level, fields['file']])).toEqual([
    ['error', '00000002.json'],
    ['error', '00000003.json'],
  ]);
  expect(readdirSync(folder()).toSorted()).toEqual([
    '00000001.json',
    '00000002.json.unreadable',
    '00000003.json.unreadable',
    '00000004.json.part',
  ]);
  // New ones take no name that was used.
  await again.put(report('new'));
  expect(readFileSync(join(folder(), '00000004.json'), 'utf8')).toContain('"new"');
});
