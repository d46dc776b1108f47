/**
 * What a stream holds, in a few numbers and a digest: the same for a stream, its backup, and the stream that was
 * restored from it.
 *
 * Files are found by their subjects alone, and a chunk that is stored again moves to the stream's end: their digest
 * is that of a set. That of the other streams says what stands at which sequence.
 */
import { createHash } from 'node:crypto';
import type { Headers } from '../bus/port.ts';
import type { BackupRecord, BackupStream, StreamSummary } from './container.ts';

type Content = Omit<BackupRecord, 'stream'>;

export class StreamDigest {
  readonly #isSet: boolean;
  readonly #hash = createHash('sha256');
  /** Of a set: digest and size of each by its subject. */
  readonly #members = new Map<string, { readonly digest: string; readonly bytes: number }>();
  #messages = 0;
  #bytes = 0;

  constructor(stream: BackupStream) {
    this.#isSet = stream === 'files';
  }

  /** Takes the messages of a stream in its order. */
  add({ seq, subject, headers, payload }: Content): void {
    const bytes = payload.byteLength;
    const head = [subject, ...entries(headers).flat(), bytes].map((part) => JSON.stringify(part)).join(' ');
    if (this.#isSet) {
      const digest = createHash('sha256').update(`${head}\n`).update(payload).digest('hex');
      this.#members.set(subject, { digest, bytes });
      return;
    }
    this.#messages += 1;
    this.#bytes += bytes;
    this.#hash.update(`${seq} ${head}\n`).update(payload);
  }

  /** `last`: the stream's last sequence. */
  summary(last: number): StreamSummary {
    if (!this.#isSet)
      return {
        messages: this.#messages,
        bytes: this.#bytes,
        last,
        digest: this.#hash.copy().digest('hex'),
      };
    const members = [...this.#members].sort(([a], [b]) => (a < b ? -1 : 1));
    const hash = createHash('sha256');
    for (const [subject, { digest }] of members) hash.update(`${subject} ${digest}\n`);
    const bytes = members.reduce((sum, [, member]) => sum + member.bytes, 0);
    return { messages: members.length, bytes, last, digest: hash.digest('hex') };
  }
}

/** Headers without those that told the server how to store the message: given again they would be obeyed again. */
export function ownHeaders(headers: Headers): Headers {
  return Object.fromEntries(entries(headers).filter(([name]) => !/^nats-/i.test(name)));
}

function entries(headers: Headers): [string, string][] {
  return Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
}
