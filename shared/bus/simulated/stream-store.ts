/**
 * One stream of a simulated server: its messages by sequence and by subject, its limits, its window of duplicates.
 * Knows nothing of connections and time: it is told what time it is.
 */
import type {
  Headers,
  MessageQuery,
  Page,
  PageOptions,
  Payload,
  Stored,
  StreamInfo,
  StreamSpec,
} from '../port.ts';
import { type SubjectPattern, subjectPattern } from './subject-pattern.ts';

export interface StoreOptions {
  readonly messageId?: string | undefined;
  readonly expectLastSeq?: number | undefined;
  readonly expectLastSubjectSeq?: number | undefined;
}

/** What became of a message; `lastOfSubject`: the sequence of the one before it under the same subject. */
export type StoreResult =
  | { readonly kind: 'stored'; readonly stored: Stored; readonly lastOfSubject: number }
  | { readonly kind: 'duplicate'; readonly seq: number }
  | { readonly kind: 'wrong-last-sequence'; readonly last: number };

const DUPLICATE_WINDOW_MS = 120_000;

export class StreamStore {
  readonly created: string;
  #spec: StreamSpec;
  #subjects: readonly SubjectPattern[];
  readonly #messages = new Map<number, Stored>();
  readonly #bySubject = new Map<string, number[]>();
  readonly #ids = new Map<string, { readonly seq: number; readonly at: number }>();
  #lastSeq = 0;
  #bytes = 0;

  constructor(spec: StreamSpec, created: string) {
    this.#spec = spec;
    this.#subjects = spec.subjects.map(subjectPattern);
    this.created = created;
  }

  get spec(): StreamSpec {
    return this.#spec;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get #firstSeq(): number {
    for (const seq of this.#messages.keys()) return seq;
    return this.#lastSeq + 1;
  }

  reconfigure(spec: StreamSpec, now: number): void {
    this.#spec = spec;
    this.#subjects = spec.subjects.map(subjectPattern);
    for (const subject of [...this.#bySubject.keys()]) this.#trimSubject(subject);
    this.expire(now);
  }

  takes(subject: string): boolean {
    return this.#subjects.some((pattern) => pattern.matches(subject));
  }

  store(
    message: { readonly subject: string; readonly payload: Payload; readonly headers: Headers },
    at: number,
    options: StoreOptions,
  ): StoreResult {
    const { subject, payload, headers } = message;
    const { messageId, expectLastSeq, expectLastSubjectSeq } = options;
    const known = messageId === undefined ? undefined : this.#knownId(messageId, at);
    if (known !== undefined) return { kind: 'duplicate', seq: known };
    if (expectLastSeq !== undefined && expectLastSeq !== this.#lastSeq)
      return { kind: 'wrong-last-sequence', last: this.#lastSeq };
    const lastOfSubject = this.#bySubject.get(subject)?.at(-1) ?? 0;
    if (expectLastSubjectSeq !== undefined && expectLastSubjectSeq !== lastOfSubject)
      return { kind: 'wrong-last-sequence', last: lastOfSubject };
    const seq = this.#lastSeq + 1;
    this.#lastSeq = seq;
    const stored: Stored = { stream: this.#spec.name, seq, subject, payload, headers, at };
    this.#messages.set(seq, stored);
    this.#bytes += payload.length;
    const seqs = this.#bySubject.get(subject);
    if (seqs === undefined) this.#bySubject.set(subject, [seq]);
    else seqs.push(seq);
    if (messageId !== undefined) this.#ids.set(messageId, { seq, at });
    this.#trimSubject(subject);
    this.expire(at);
    return { kind: 'stored', stored, lastOfSubject };
  }

  /** Drops what the stream's age and size allow no longer. */
  expire(now: number): void {
    const { maxAgeMs, maxBytes } = this.#spec;
    if (maxAgeMs === undefined && maxBytes === undefined) return;
    for (const { seq, at } of this.#messages.values()) {
      const isOld = maxAgeMs !== undefined && now - at > maxAgeMs;
      if (!isOld && (maxBytes === undefined || this.#bytes <= maxBytes)) return;
      this.remove(seq);
    }
  }

  info(): StreamInfo {
    return {
      name: this.#spec.name,
      created: this.created,
      firstSeq: this.#firstSeq,
      lastSeq: this.#lastSeq,
      messages: this.#messages.size,
      bytes: this.#bytes,
    };
  }

  get(query: MessageQuery): Stored | undefined {
    if ('seq' in query) return this.#messages.get(query.seq);
    if ('lastBySubject' in query) {
      const last = Math.max(0, ...this.#under(query.lastBySubject).map((seqs) => seqs.at(-1) ?? 0));
      return this.#messages.get(last);
    }
    const { nextBySubject, fromSeq } = query;
    const nexts = this.#under(nextBySubject).flatMap((seqs) => seqs.find((seq) => seq >= fromSeq) ?? []);
    return nexts.length === 0 ? undefined : this.#messages.get(Math.min(...nexts));
  }

  page({ fromSeq, subject, limit, maxBytes = Number.POSITIVE_INFINITY }: PageOptions): Page {
    const matching = this.#seqsFrom(fromSeq, subject);
    const messages: Stored[] = [];
    let bytes = 0;
    for (const seq of matching) {
      const message = this.#messages.get(seq);
      if (message === undefined || messages.length >= limit) break;
      bytes += message.payload.length;
      if (messages.length > 0 && bytes > maxBytes) break;
      messages.push(message);
    }
    const pending = matching.length - messages.length;
    const behind = Math.max(fromSeq - 1, 0);
    const scannedTo = pending === 0 ? Math.max(this.#lastSeq, behind) : (messages.at(-1)?.seq ?? behind);
    return { messages, scannedTo, lastSeq: this.#lastSeq, pending };
  }

  /** Up to so many from there on; cheaper than a page, for whoever reads on and on. */
  from(fromSeq: number, subject: string | undefined, limit: number): Stored[] {
    const pattern = subject === undefined ? undefined : subjectPattern(subject);
    const found: Stored[] = [];
    for (
      let seq = Math.max(fromSeq, this.#firstSeq);
      seq <= this.#lastSeq && found.length < limit;
      seq += 1
    ) {
      const message = this.#messages.get(seq);
      if (message !== undefined && (pattern?.matches(message.subject) ?? true)) found.push(message);
    }
    return found;
  }

  subjects(pattern: string): Map<string, number> {
    const matcher = subjectPattern(pattern);
    const matching = [...this.#bySubject].filter(([subject]) => matcher.matches(subject));
    return new Map(matching.map(([subject, seqs]) => [subject, seqs.length]));
  }

  purge(what: { readonly before: number } | { readonly subject: string }): number {
    if ('subject' in what) {
      const doomed = what.subject === '' ? [] : this.#under(what.subject).flat();
      for (const seq of doomed) this.remove(seq);
      return doomed.length;
    }
    const { before } = what;
    if (before <= Math.max(1, this.#firstSeq)) return 0;
    let purged = 0;
    for (const seq of [...this.#messages.keys()]) {
      if (seq >= before) break;
      if (this.remove(seq)) purged += 1;
    }
    if (before > this.#lastSeq + 1) this.#lastSeq = before - 1;
    return purged;
  }

  remove(seq: number): boolean {
    const message = this.#messages.get(seq);
    if (message === undefined) return false;
    this.#messages.delete(seq);
    this.#bytes -= message.payload.length;
    const seqs = this.#bySubject.get(message.subject) ?? [];
    seqs.splice(seqs.indexOf(seq), 1);
    if (seqs.length === 0) this.#bySubject.delete(message.subject);
    return true;
  }

  #trimSubject(subject: string): void {
    const { maxPerSubject } = this.#spec;
    if (maxPerSubject === undefined) return;
    const seqs = this.#bySubject.get(subject) ?? [];
    for (const seq of seqs.slice(0, Math.max(0, seqs.length - maxPerSubject))) this.remove(seq);
  }

  #knownId(messageId: string, now: number): number | undefined {
    const windowMs = this.#spec.duplicateWindowMs ?? DUPLICATE_WINDOW_MS;
    for (const [id, { at }] of this.#ids) {
      if (now - at <= windowMs) break;
      this.#ids.delete(id);
    }
    return this.#ids.get(messageId)?.seq;
  }

  #under(subject: string): number[][] {
    const pattern = subjectPattern(subject);
    if (pattern.isLiteral) return [this.#bySubject.get(subject) ?? []];
    return [...this.#bySubject].filter(([name]) => pattern.matches(name)).map(([, seqs]) => seqs);
  }

  #seqsFrom(fromSeq: number, subject: string | undefined): number[] {
    if (subject === undefined) {
      const seqs: number[] = [];
      for (let seq = Math.max(fromSeq, this.#firstSeq); seq <= this.#lastSeq; seq += 1)
        if (this.#messages.has(seq)) seqs.push(seq);
      return seqs;
    }
    const all = this.#under(subject).flat();
    return all.filter((seq) => seq >= fromSeq).sort((one, other) => one - other);
  }
}
