import { appendFile, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { type LedgerRun, renderEntry, renderHead } from '../../../../shared/ledger/entry.ts';
import { type Ledger, openLedger } from '../../../../shared/ledger/ledger.ts';

let root: string;
let file: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'waggle-ledger-'));
  file = join(root, 'state', 'ledgers', 'w1.md');
});

afterEach(() => rm(root, { recursive: true, force: true }));

const head = { loopId: 'loop-1', name: 'w1', repoPath: '/home/me/repo', createdAt: 1_770_000_000_000 };
const open = (): Ledger => openLedger({ file, ...head });
const run = (fence: number, tail = `output of ${fence}`): LedgerRun => ({
  runId: `run-${fence}`,
  outcome: 'completed',
  profile: 'default',
  promptSource: 'base',
  promptOverride: false,
  startedAt: 1_770_000_000_000 + fence * 1_000,
  task: `task-${fence}`,
  fence,
  tail,
});
const entry = (...args: Parameters<typeof run>): string => renderEntry('w1', run(...args));
const text = (): Promise<string> => readFile(file, 'utf8');

/** The headings that a reader of Markdown would see: those outside fences. */
function headings(markdown: string): string[] {
  const found: string[] = [];
  let fence = '';
  let isParagraph = false;
  for (const line of markdown.split('\n')) {
    const mark = /^`{3,}$/.exec(line)?.[0] ?? '';
    if (fence !== '') fence = mark.length >= fence.length ? '' : fence;
    else if (mark !== '') fence = mark;
    else if (line.startsWith('## ') && !isParagraph) found.push(line);
    isParagraph = fence === '' && line !== '' && mark === '';
  }
  return fence === '' ? found : [...found, 'an open fence'];
}

test('the first entry makes the file with its head, and later ones follow it', async () => {
  const ledger = open();
  await ledger.append(run(1));
  await ledger.append(run(2));
  expect(await text()).toBe(renderHead(head) + entry(1) + entry(2));
});

test('nobody but the owner may read it', async () => {
  await open().append(run(1));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(root, 'state', 'ledgers'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(root, 'state'))).mode & 0o777).toBe(0o700);
});

test('a ledger that is opened again keeps its head', async () => {
  await open().append(run(1));
  await openLedger({ file, ...head, createdAt: 0 }).append(run(2));
  expect(await text()).toBe(renderHead(head) + entry(1) + entry(2));
});

test('entries that come together are written one after another, in order', async () => {
  const ledger = open();
  const runs = Array.from({ length: 30 }, (_, at) => run(at + 1, `\`\`\`\n${'x'.repeat(at * 400)}`));
  await Promise.all(runs.map((one) => ledger.append(one)));
  expect(await text()).toBe(renderHead(head) + runs.map((one) => renderEntry('w1', one)).join(''));
});

test('an empty file, as a full disk leaves it, gets its head', async () => {
  await mkdir(join(root, 'state', 'ledgers'), { recursive: true });
  await writeFile(file, '');
  await open().append(run(1));
  expect(await text()).toBe(renderHead(head) + entry(1));
});

describe('a file cut within an entry', () => {
  const tail = 'one é\n```\ntwo 😀\n````\nthree';

  it('goes on with a heading outside every fence, wherever it was cut', async () => {
    const before = Buffer.from(renderHead(head) + entry(1));
    const whole = Buffer.concat([before, Buffer.from(entry(2, tail))]);
    const cutHeading = '## 2026-02-02T02:40:02Z'.length;
    for (let size = before.length; size < whole.length; size++) {
      await rm(file, { force: true });
      await mkdir(join(root, 'state', 'ledgers'), { recursive: true });
      await writeFile(file, whole.subarray(0, size));
      await open().append(run(3));
      const after = await readFile(file);
      const markdown = after.toString();
      expect(markdown.endsWith(`\n\n${entry(3)}`)).toBe(true);
      expect(Buffer.from(markdown).equals(after), `whole code points when cut at ${size}`).toBe(true);
      const seen = headings(markdown);
      expect(seen.at(-1)).toBe(entry(3).split('\n', 1)[0]);
      if (size >= before.length + cutHeading) expect(seen).toHaveLength(3);
    }
  });

  it('keeps what was there, and closes the fence with one of its length', async () => {
    await open().append(run(1, tail));
    const size = (await stat(file)).size;
    await truncate(file, size - Buffer.byteLength('ree\n`````\n\n'));
    await open().append(run(2));
    const expected = entry(1, tail).replace('three', 'th');
    expect(await text()).toBe(renderHead(head) + expected + entry(2));
  });

  it('is mended once: the next opening changes nothing', async () => {
    await open().append(run(1));
    await appendFile(file, '## 2026-02-02T02:40:02Z\n\n- run_');
    await open().append(run(2));
    await open().append(run(3));
    expect(await text()).toBe(
      `${renderHead(head)}${entry(1)}## 2026-02-02T02:40:02Z\n\n- run_\n\n${entry(2)}${entry(3)}`,
    );
  });
});

test('what somebody else did to the file between two entries is seen', async () => {
  const ledger = open();
  await ledger.append(run(1));
  await appendFile(file, '```\na note without an end');
  await ledger.append(run(2));
  expect(await text()).toBe(
    `${renderHead(head)}${entry(1)}\`\`\`\na note without an end\n\`\`\`\n\n${entry(2)}`,
  );
  await rm(file);
  await ledger.append(run(3));
  expect(await text()).toBe(renderHead(head) + entry(3));
});

test('a failure is told to its caller only, and the next entry may succeed', async () => {
  await writeFile(join(root, 'state'), 'a file where the folder should be');
  const ledger = open();
  await expect(ledger.append(run(1))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await rm(join(root, 'state'));
  await ledger.append(run(2));
  expect(await text()).toBe(renderHead(head) + entry(2));
});

test('a run that cannot be shown is refused and leaves the file as it was', async () => {
  const ledger = open();
  await ledger.append(run(1));
  await expect(ledger.append({ ...run(2), startedAt: Number.NaN })).rejects.toThrow(RangeError);
  expect(await text()).toBe(renderHead(head) + entry(1));
});
