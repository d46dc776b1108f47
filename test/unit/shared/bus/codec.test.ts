import { pack } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import type { Query } from '../../../../schemas/index.ts';
import { decode, encode, tryDecode } from '../../../../shared/bus/codec.ts';

const msgpack = { 'Content-Type': 'application/msgpack' };
const query: Query = { v: 1, kind: 'grants', fences: [1, 63, 64, 100, 127, 128, 2 ** 40] };

test.each(['msgpack', 'json'] as const)('%s comes back as it went', (format) => {
  expect(decode('Query', encode('Query', query, format))).toEqual(query);
});

test('without a Content-Type a payload that begins with a brace is JSON, any other MessagePack', () => {
  for (const format of ['msgpack', 'json'] as const) {
    const { payload } = encode('Query', query, format);
    expect(decode('Query', { payload, headers: {} })).toEqual(query);
  }
});

test('what is no message is said in one sentence with the place', () => {
  const payload = Buffer.from(pack({ v: 1, kind: 'grants', fences: [0] }));
  expect(tryDecode('Query', { payload, headers: msgpack })).toEqual({
    ok: false,
    path: 'fences.0',
    fault: 'fences.0: expected >= 1, got 0',
  });
  expect(() => decode('Query', { payload, headers: msgpack })).toThrow(
    'Query: fences.0: expected >= 1, got 0',
  );
});

describe('hostile bytes are refused, and what is decoded after them is not changed', () => {
  const bytes = (...values: number[]) => Buffer.from(values);
  test.each([
    ['nothing', bytes()],
    ['a kind that JSON cannot show', pack({ v: 1, kind: 2n ** 64n - 1n })],
    ['a version that JSON cannot show', pack({ v: 2n ** 63n, kind: 'counts' })],
    ['a record definition', bytes(0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01)],
    ['lists deeper than the stack', Buffer.alloc(300_000, 0x91)],
    ['a list said to be huge', bytes(0xdd, 0xff, 0xff, 0xff, 0xff)],
    ['a map said to be huge', bytes(0xdf, 0xff, 0xff, 0xff, 0xff)],
    ['a text said to be huge', bytes(0xdb, 0xff, 0xff, 0xff, 0xff)],
    ['an extension nobody knows', bytes(0xd6, 0x52, 1, 2, 3, 4)],
    ['two messages', Buffer.concat([encode('Query', query).payload, encode('Query', query).payload])],
  ])('%s', (_, payload) => {
    expect(tryDecode('Query', { payload, headers: msgpack }).ok).toBe(false);
    expect(decode('Query', encode('Query', query))).toEqual(query);
  });

  test('a prototype in JSON', () => {
    const payload = Buffer.from('{"__proto__":{"v":1,"kind":"counts"},"v":1}');
    expect(tryDecode('Query', { payload, headers: {} }).ok).toBe(false);
    expect(({} as Record<string, unknown>)['kind']).toBeUndefined();
  });
});
