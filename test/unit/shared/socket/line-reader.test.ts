import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { LineReader } from '../../../../shared/socket/line-reader.ts';

/** A reader of what is pushed, chunk by chunk as it is. */
function reading(limitBytes?: number) {
  const socket = new Duplex({ read() {}, write: (_c, _e, done) => done() });
  return { socket, reader: new LineReader(socket as Socket, limitBytes) };
}

test('gives lines in whatever pieces they come, also the last without its break', async () => {
  const { socket, reader } = reading();
  const text = `{"a":"🐝"}\n\n${'x'.repeat(100_000)}\nlast`;
  const bytes = Buffer.from(text);
  for (let at = 0; at < 40; at += 1) socket.push(bytes.subarray(at, at + 1));
  socket.push(bytes.subarray(40));
  socket.push(null);
  const lines: unknown[] = [];
  for (let read = await reader.next(); read.kind === 'line'; read = await reader.next())
    lines.push(read.text);
  expect(lines).toEqual(text.split('\n'));
});

test('keeps no more of a line that comes byte by byte than of one that comes at once', async () => {
  const { socket, reader } = reading(400_000);
  const next = reader.next();
  const before = process.memoryUsage();
  for (let n = 0; n < 300_000; n += 1) {
    socket.push(Buffer.allocUnsafeSlow(1).fill('x'));
    if (n % 1_000 === 0) await new Promise((done) => setImmediate(done));
  }
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * 1024 ** 2);
  socket.push('\n');
  expect(await next).toEqual({ kind: 'line', text: 'x'.repeat(300_000) });
});

test('a line that is too long is told, and nothing of it is kept', async () => {
  const { socket, reader } = reading(10);
  socket.push('0123456789\n0123456789a');
  expect(await reader.next()).toEqual({ kind: 'line', text: '0123456789' });
  expect(await reader.next()).toEqual({ kind: 'too-long' });
});
