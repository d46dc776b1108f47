import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OperatorWords } from '../../../../services/worker/operator-words.ts';
import { keptLog } from '../../../support/kept-log.ts';
import { temporaryFolder } from '../../../support/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
let log: ReturnType<typeof keptLog>;
beforeEach(() => {
  log = keptLog();
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const clock = { now: () => 1_000 };
const open = () => OperatorWords.open(folder.path, clock, log);

test('what was put is there after a restart, oldest first, until a run was told of it', async () => {
  const words = await open();
  await words.put('a', 'message', 'first');
  await words.put('b', 'interrupt', 'second');
  const again = await open();
  expect(again.forRun()).toEqual([
    { id: 'a', kind: 'message', text: 'first', at: 1_000 },
    { id: 'b', kind: 'interrupt', text: 'second', at: 1_000 },
  ]);
  await again.told(again.forRun());
  expect(again.forRun()).toEqual([]);
  expect((await open()).forRun()).toEqual([]);
});

test('a second copy changes nothing, before and after it was told', async () => {
  const words = await open();
  await words.put('a', 'message', 'once');
  await words.put('a', 'message', 'twice');
  expect(words.forRun()).toHaveLength(1);
  await words.told(words.forRun());
  await words.put('a', 'message', 'once');
  expect([words.forRun(), words.stateOf('a')]).toEqual([[], 'told']);
});

test('a run is told all messages, and one prompt: the oldest', async () => {
  const words = await open();
  for (const [id, kind] of [
    ['p1', 'prompt'],
    ['m', 'message'],
    ['p2', 'prompt'],
  ] as const)
    await words.put(id, kind, id);
  expect(words.forRun().map(({ id }) => id)).toEqual(['p1', 'm']);
  await words.told(words.forRun());
  expect(words.forRun().map(({ id }) => id)).toEqual(['p2']);
});

test('the hundredth and first that waits is refused, and nothing is lost', async () => {
  const words = await open();
  for (let n = 0; n < 100; n += 1) await words.put(`${n}`, 'message', 'x');
  await expect(words.put('more', 'message', 'x')).rejects.toThrow(/100 words wait/);
  expect(words.forRun()).toHaveLength(100);
});

test('a second copy is on the disk no sooner than the first', async () => {
  const words = await open();
  const first = words.put('a', 'message', 'x');
  await words.put('a', 'message', 'x');
  expect((await open()).forRun()).toHaveLength(1);
  await first;
});

test('a disk that takes nothing refuses a word and its second copy alike, and takes it later', async () => {
  const words = await open();
  folder.remove();
  const both = await Promise.allSettled([words.put('a', 'message', 'x'), words.put('a', 'message', 'x')]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  mkdirSync(folder.path);
  await words.put('a', 'message', 'x');
  expect((await open()).forRun()).toHaveLength(1);
});

test('a word whose file stays though it was told fails nothing', async () => {
  const words = await open();
  await words.put('a', 'message', 'x');
  const [file = ''] = readdirSync(folder.path);
  rmSync(join(folder.path, file));
  mkdirSync(join(folder.path, file, 'in-the-way'), { recursive: true });
  await words.told(words.forRun());
  expect([words.forRun(), words.stateOf('a')]).toEqual([[], 'told']);
  expect(log.lines.at(-1)?.level).toBe('error');
});

test('a file that is no word is named and left where it is', async () => {
  writeFileSync(join(folder.path, '00000007.json'), '{"id":');
  writeFileSync(join(folder.path, '00000009.json'), '{"id":"x","kind":"shout","text":"","at":1}');
  const words = await open();
  expect(words.forRun()).toEqual([]);
  expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
  await words.put('a', 'message', 'x');
  expect(readdirSync(folder.path).sort()).toEqual(['00000007.json', '00000009.json', '00000010.json']);
});
