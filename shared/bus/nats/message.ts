/**
 * The client's messages and headers, and those of the port. Where a header is given twice the last counts:
 * a republishing server puts its own behind the sender's, so a sender cannot pretend to a sequence.
 */
import { headers as emptyHeaders, type Msg, type MsgHdrs } from 'nats';
import { WaggleError } from '../../errors.ts';
import type { Delivery, Headers, Payload } from '../port.ts';

const NO_HEADERS: Headers = Object.freeze({});

/** Undefined when there are none, so that the message goes out as a plain one. */
export function encodeHeaders(headers: Headers | undefined): MsgHdrs | undefined {
  if (headers === undefined) return undefined;
  const entries = Object.entries(headers);
  if (entries.length === 0) return undefined;
  const encoded = emptyHeaders();
  for (const [name, value] of entries) encoded.append(name, value);
  return encoded;
}

export function decodeHeaders(headers: MsgHdrs | undefined): Headers {
  if (headers === undefined) return NO_HEADERS;
  const decoded: Record<string, string> = {};
  for (const [name, values] of headers) decoded[name] = values.at(-1) ?? '';
  return decoded;
}

/** The bytes that the server counts against its limit. */
function sizeOf(payload: Payload, headers: MsgHdrs | undefined): number {
  if (headers === undefined) return payload.length;
  let bytes = payload.length + 'NATS/1.0\r\n'.length + 2;
  for (const [name, values] of headers)
    for (const value of values) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
  return bytes;
}

/** Throws `message-too-large`. */
export function checkSize(payload: Payload, headers: MsgHdrs | undefined, limit: number): void {
  const bytes = sizeOf(payload, headers);
  if (bytes > limit) throw new WaggleError('message-too-large', { bytes, limit });
}

/** How an answer leaves: silently dropped when the connection is down. */
export type Send = (subject: string, payload: Payload, headers?: Headers) => void;

/** A message as the port gives it. Headers are decoded when they are first read. */
export function toDelivery(message: Msg, send: Send): Delivery {
  const replyTo = message.reply === undefined || message.reply === '' ? undefined : message.reply;
  let headers: Headers | undefined;
  let answered = false;
  return {
    subject: message.subject,
    payload: message.data,
    get headers() {
      headers ??= decodeHeaders(message.headers);
      return headers;
    },
    ...(replyTo === undefined ? {} : { replyTo }),
    respond: (payload, answerHeaders) => {
      if (replyTo === undefined || answered) return;
      answered = true;
      send(replyTo, payload, answerHeaders);
    },
  };
}
