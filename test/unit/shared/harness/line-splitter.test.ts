import { expect, test } from 'vitest';
import { LineSplitter } from '../../../../shared/harness/line-splitter.ts';
import { judgeMemory } from '../../../fuzz/judge.ts';
import { bytesTarget } from '../../../fuzz/target.ts';

const cut = (splitter: LineSplitter, ...parts: (string | Uint8Array)[]): string[] => [
  ...parts.flatMap((part) => splitter.push(typeof part === 'string' ? Buffer.from(part) : part)),
  ...splitter.end(),
];

test('lines come whole, whatever the pieces, with either end of line', () => {
  expect(cut(new LineSplitter(), 'a', 'b\nc\r', '\n\nd')).toEqual(['ab', 'c', '', 'd']);
  const bytes = Buffer.from('蜂蜜\nhoney\n');
  const pieces = [...bytes].map((byte) => Uint8Array.of(byte));
  expect(cut(new LineSplitter(), ...pieces)).toEqual(['蜂蜜', 'honey']);
});

test('a line that is too long is skipped and counted, and the next one is read', () => {
  const splitter = new LineSplitter(8);
  expect(
    cut(splitter, '123456789\nshort\n', 'x'.repeat(5), 'x'.repeat(5), 'x\nnext\n', '1234567890'),
  ).toEqual(['short', 'next']);
  expect(splitter.skipped).toBe(3);
});

test('what it holds is its own: the bytes handed in may be used again', () => {
  const splitter = new LineSplitter();
  const bytes = Buffer.from('first');
  splitter.push(bytes);
  bytes.fill(0x78);
  expect(splitter.push(Buffer.from('\n'))).toEqual(['first']);
});

test('a line that comes byte by byte takes little more room than its bytes', async () => {
  const byteByByte = (input: Uint8Array) => {
    const splitter = new LineSplitter();
    for (let at = 0; at < input.length; at += 1) splitter.push(input.subarray(at, at + 1));
    return splitter;
  };
  const keeps = { each: 2, besides: 64 * 1024 };
  const target = bytesTarget('byte by byte', 'a test', [], byteByByte, { keeps });
  expect(await judgeMemory(target, Buffer.alloc(200_000, 'x'))).toBeUndefined();
});
