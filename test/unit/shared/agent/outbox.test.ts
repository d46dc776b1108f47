import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Checkpoint, Report } from '../../../../schemas/index.ts';
import { type Outgoing, openOutbox } from '../../../../shared/agent/outbox.ts';
import { keptLog } from '../../../support/kept-log.ts';
import { temporaryFolder } from '../../../support/repository.ts';

let place: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  place = temporaryFolder();
});
afterEach(() => place.remove());

const folder = () => join(place.path, 'outbox');
const grant = { v: 1, task: 't', fence: 1, run: 'r' } as const;
const note = (id: string): Report => ({ ...grant, kind: 'progress', id, note: id });
const report = (id: string): Outgoing => ({ report: note(id) });
const checkpointOf = (number: number, fence = 1): Checkpoint => ({
  fence,
  number,
  base: 'a'.repeat(40),
  head: 'b'.repeat(40),
  file: { owner: 'w', sha256: 'c'.repeat(64), size_bytes: 1, chunks: 1 },
});
const checkpoint = (number: number, fence = 1): Report => ({
  ...grant,
  fence,
  kind: 'checkpoint',
  id: `c-${fence}-${number}`,
  checkpoint: checkpointOf(number, fence),
});
const submitted: Report = {
  ...grant,
  kind: 'submitted',
  id: 's',
  base: 'a'.repeat(40),
  head: 'b'.repeat(40),
  bundle: checkpointOf(1).file,
};
const ids = (pending: readonly Outgoing[]) => pending.map(({ report: { id } }) => id);
const bundle = (content: string): string => {
  const file = join(place.path, `${content}.bundle`);
  writeFileSync(file, content);
  return file;
};

test('reports are on disk, readable by nobody else, and come back oldest first', async () => {
  const first = await openOutbox(folder(), keptLog());
  for (const id of ['c', 'a', 'b']) await first.put(report(id));
  await first.put({ report: submitted, bundle: bundle('work') });
  expect(statSync(folder()).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(folder())) expect(statSync(join(folder(), file)).mode & 0o777).toBe(0o600);
  await first.remove('s');
  const second = await openOutbox(folder(), keptLog());
  expect(ids(second.pending())).toEqual(['c', 'a', 'b']);
  await second.put(report('d'));
  await second.remove('a');
  await second.remove('never-there');
  expect(ids((await openOutbox(folder(), keptLog())).pending())).toEqual(['c', 'b', 'd']);
});

test('what cannot be read is set aside with a word, and half a file of a dead writer is removed', async () => {
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
  ]);
  // New ones take no name that was used.
  await again.put(report('new'));
  expect(readFileSync(join(folder(), '00000004.json'), 'utf8')).toContain('"new"');
});

test('a report brings its bundle along, which survives the original and the process, and goes with it', async () => {
  const outbox = await openOutbox(folder(), keptLog());
  const original = bundle('work');
  const rescue = checkpoint(4);
  await outbox.put({ report: submitted, bundle: original, rescue });
  const again = await openOutbox(folder(), keptLog());
  const [kept] = again.pending();
  expect(kept).toMatchObject({ report: submitted, rescue });
  expect(readFileSync(kept!.bundle!, 'utf8')).toBe('work');
  await again.remove('s');
  expect(readdirSync(folder())).toEqual([]);
  expect(existsSync(original)).toBe(true);
});

test('a bundle whose report was never written is removed: its tree is still there', async () => {
  const outbox = await openOutbox(folder(), keptLog());
  await outbox.put({ report: submitted, bundle: bundle('work') });
  writeFileSync(join(folder(), '00000007.bundle'), 'alone');
  const again = await openOutbox(folder(), keptLog());
  expect(readdirSync(folder()).toSorted()).toEqual(['00000001.bundle', '00000001.json']);
  await again.put(report('next'));
  expect(existsSync(join(folder(), '00000008.json'))).toBe(true);
});

test('a newer checkpoint takes the place of older ones of its grant, and so does the submission', async () => {
  const outbox = await openOutbox(folder(), keptLog());
  await outbox.put({ report: checkpoint(1), bundle: bundle('one') });
  await outbox.put({ report: checkpoint(1, 2), bundle: bundle('other') });
  await outbox.put(report('note'));
  await outbox.put({ report: checkpoint(2), bundle: bundle('two') });
  expect(ids(outbox.pending())).toEqual(['c-2-1', 'note', 'c-1-2']);
  await outbox.put({ report: submitted, bundle: bundle('all') });
  expect(ids((await openOutbox(folder(), keptLog())).pending())).toEqual(['c-2-1', 'note', 's']);
});

test('what cannot be delivered is set aside with its bundle, for a person', async () => {
  const log = keptLog();
  const outbox = await openOutbox(folder(), log);
  await outbox.put({ report: submitted, bundle: bundle('work') });
  await outbox.setAside('s', 'nobody takes it');
  expect(outbox.pending()).toEqual([]);
  expect(readdirSync(folder()).toSorted()).toEqual(['00000001.bundle', '00000001.json.undeliverable']);
  expect(log.lines).toMatchObject([
    { level: 'error', fields: { fault: 'nobody takes it', task: 't', fence: 1 } },
  ]);
  expect((await openOutbox(folder(), keptLog())).pending()).toEqual([]);
  expect(readdirSync(folder())).toContain('00000001.bundle');
});

test('of a grant’s words of progress the last twenty wait, and nothing else makes room for them', async () => {
  const outbox = await openOutbox(folder(), keptLog());
  await outbox.put({ report: checkpoint(1) });
  await outbox.put({ report: { ...grant, fence: 2, kind: 'progress', id: 'other', note: 'x' } });
  for (let n = 1; n <= 50; n += 1) await outbox.put(report(`p-${n}`));
  const ids = ['c-1-1', 'other', ...Array.from({ length: 20 }, (_, n) => `p-${31 + n}`)];
  expect(outbox.pending().map((one) => one.report.id)).toEqual(ids);
  const again = await openOutbox(folder(), keptLog());
  expect(again.pending().map((one) => one.report.id)).toEqual(ids);
});

test('the place in MAIL of the report that was mailed last is known to a successor', async () => {
  const first = await openOutbox(folder(), keptLog());
  expect(first.lastMail()).toBeUndefined();
  await first.put(report('a'));
  await first.put(report('b'));
  await first.remove('a', { seq: 41, isRepeat: false });
  await first.remove('b');
  expect(first.lastMail()).toEqual({ seq: 41 });
  const second = await openOutbox(folder(), keptLog());
  expect([second.lastMail(), second.pending()]).toEqual([{ seq: 41 }, []]);
});

test('what MAIL had before is not the last; a mail in a MAIL that was made anew is, and told from another there', async () => {
  const outbox = await openOutbox(folder(), keptLog());
  const mailed = async (seq: number, isRepeat = false) => {
    await outbox.remove('x', { seq, isRepeat });
    return outbox.lastMail();
  };
  await mailed(12);
  expect(await mailed(10, true)).toEqual({ seq: 12 });
  expect(await mailed(14, true)).toEqual({ seq: 14 });
  const anew = await mailed(3);
  expect(anew).toEqual({ seq: 3 });
  expect(await mailed(3)).not.toBe(anew);
});

test('what could not be kept leaves nothing behind, and the next report is kept', async () => {
  const outbox = await openOutbox(folder(), keptLog());
  const inTheWay = join(folder(), '00000001.json');
  mkdirSync(join(inTheWay, 'full'), { recursive: true });
  await expect(outbox.put({ report: submitted, bundle: bundle('work') })).rejects.toThrow();
  expect(readdirSync(folder())).toEqual(['00000001.json']);
  expect(outbox.pending()).toEqual([]);
  rmdirSync(join(inTheWay, 'full'));
  rmdirSync(inTheWay);
  await outbox.put(report('later'));
  expect(ids((await openOutbox(folder(), keptLog())).pending())).toEqual(['later']);
});
