/**
 * Bytes ↔ messages. MessagePack on the hot path, JSON for mail and for everything a person may look at with
 * the server's own tools; a receiver accepts both, by `Content-Type`. Whatever comes in is checked against
 * its schema, so nothing unchecked gets past this file.
 */
import { Packr } from 'msgpackr';
import { check, type MessageName, type Messages } from '../../schemas/index.ts';
import { WaggleError } from '../errors.ts';
import type { Headers, Payload } from './port.ts';

// Records would decode faster, but a mismatched record table binds wrong names.
const packr = new Packr({ useRecords: false });

const msgpack = 'application/msgpack';
const json = 'application/json';

export interface Encoded {
  readonly payload: Payload;
  readonly headers: Headers;
}

export function encode<N extends MessageName>(
  _name: N,
  value: Messages[N],
  format: 'msgpack' | 'json' = 'msgpack',
): Encoded {
  return format === 'msgpack'
    ? { payload: packr.pack(value), headers: { 'Content-Type': msgpack } }
    : { payload: Buffer.from(JSON.stringify(value)), headers: { 'Content-Type': json } };
}

/** The message, or why it is none: wrong codec, wrong version, wrong shape. */
export function tryDecode<N extends MessageName>(
  name: N,
  message: { readonly payload: Payload; readonly headers: Headers },
): { ok: true; value: Messages[N] } | { ok: false; fault: string } {
  try {
    // Saying what is wrong can fail too: MessagePack brings values that JSON cannot show.
    return check(name, parse(message));
  } catch (error) {
    const type = message.headers['Content-Type'] ?? 'no Content-Type';
    return { ok: false, fault: `the payload (${type}) cannot be decoded: ${String(error).slice(0, 500)}` };
  }
}

/** Like `tryDecode`, but throws `message-invalid`. */
export function decode<N extends MessageName>(
  name: N,
  message: { readonly payload: Payload; readonly headers: Headers },
): Messages[N] {
  const result = tryDecode(name, message);
  if (!result.ok) throw new WaggleError('message-invalid', { name, fault: result.fault });
  return result.value;
}

function parse({ payload, headers }: { readonly payload: Payload; readonly headers: Headers }): unknown {
  const type = headers['Content-Type'] ?? (payload[0] === 0x7b ? json : msgpack);
  switch (type) {
    case json:
      return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8'));
    case msgpack:
      return packr.unpack(payload);
    default:
      throw new Error(`unknown Content-Type ${type}`);
  }
}
