import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutToBytes, OutputTail } from '../../../../shared/harness/output-tail.ts';

const tailOf = (...chunks: (string | Uint8Array)[]): OutputTail => {
  const tail = new OutputTail();
  for (const chunk of chunks) tail.push('stdout', Buffer.from(chunk as string));
  return tail;
};

test('short output is kept as it is, without its last line feed', () => {
  expect(tailOf('one\ntw', 'o\n').text()).toBe('one\ntwo');
  expect(tailOf().text()).toBe('');
});

test('the last 60 lines are kept', () => {
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  expect(tailOf(`${lines.join('\n')}\n`).text()).toBe(lines.slice(40).join('\n'));
});

test('a long line is cut and does not push out the lines before it', () => {
  const text = tailOf(`before\n${'x'.repeat(20_000)}\nafter\n`).text();
  expect(text.split('\n')).toEqual(['before', `${'x'.repeat(997)}…`, 'after']);
});

test('progress that overwrites its line counts as lines', () => {
  expect(tailOf('10%\r20%\rdone\r\n').lastLine()).toBe('done');
});

test('a code point cut by chunks of interleaved streams is put together again', () => {
  const tail = new OutputTail();
  const [first, second] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)];
  tail.push('stdout', Buffer.concat([Buffer.from('a'), first]));
  tail.push('stderr', Buffer.from('€'));
  tail.push('stdout', second);
  expect(tail.text()).toBe('a€é');
});

test('the last line that is not blank is found', () => {
  expect(tailOf('error: no space\n\n  \n').lastLine()).toBe('error: no space');
  expect(tailOf('\n\n').lastLine()).toBe('');
});

test('an endless flood leaves a bounded tail that ends as the flood did', () => {
  const tail = new OutputTail();
  const chunk = Buffer.from('0123456789abcdef\n'.repeat(4_000));
  for (let sent = 0; sent < 200; sent++) tail.push('stdout', chunk);
  tail.push('stdout', Buffer.from('the end'));
  expect(tail.text()).toMatch(/(0123456789abcdef\n){59}the end$/);
});

test('whatever comes in whatever pieces: at most 60 lines and 8,192 bytes, whole code points, the end last', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3_000 }),
    fc.constant('\n'),
    fc.constant('é€😀'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 1, max: 900 }), (pieces, size) => {
      const bytes = Buffer.from(pieces.join(''));
      const tail = new OutputTail();
      for (let at = 0; at < bytes.length; at += size) tail.push('stdout', bytes.subarray(at, at + size));
      const text = tail.text();
      expect(text.split('\n').length).toBeLessThanOrEqual(60);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8_192);
      expect(Buffer.from(text).toString()).toBe(text);
      if (!bytes.toString().includes('\ufffd')) expect(text).not.toContain('\ufffd');
      const last = bytes
        .toString()
        .replace(/[\r\n]+$/, '')
        .split(/\r\n|\n|\r/)
        .at(-1)!;
      if (Buffer.byteLength(last) <= 1_000) expect(text.endsWith(last)).toBe(true);
    }),
  );
});

test('a cut never falls inside a code point', () => {
  expect(cutToBytes('aé€', 6)).toBe('aé€');
  expect(cutToBytes('aé€b', 6)).toBe('aé…');
  expect(cutToBytes('aéé', 4)).toBe('a…');
});
