import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  readTreeRecord,
  type TreeRecord,
  writeTreeRecord,
} from '../../../../services/worker/tree-records.ts';
import { temporaryFolder } from '../../../support/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const record: TreeRecord = {
  v: 1,
  task: 't',
  title: 'T',
  fence: 3,
  run: 'r',
  state: 's',
  phase: 'running',
  checkpoints: 2,
  git: { gitDir: '/m', base: 'a'.repeat(40), refs: [] },
};

test('a record comes back as it was written', async () => {
  await writeTreeRecord(folder.path, { ...record, phase: 'preparing' });
  await writeTreeRecord(folder.path, record);
  expect(await readTreeRecord(folder.path)).toEqual(record);
});

test.each([
  ['missing', undefined],
  ['cut', '{"v":1,'],
  ['of another version', JSON.stringify({ ...record, v: 2 })],
  ['without a fence', JSON.stringify({ ...record, fence: undefined })],
  ['without its repository', JSON.stringify({ ...record, git: { base: 'a' } })],
  ['nothing', 'null'],
])('one that is %s counts as none', async (_, text) => {
  if (text !== undefined) writeFileSync(join(folder.path, 'run.json'), text);
  expect(await readTreeRecord(folder.path)).toBeUndefined();
});
