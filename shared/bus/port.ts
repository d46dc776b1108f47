/**
 * The bus as the services use it: one `Bus` is one connection in one account. Implemented over NATS
 * (`nats/`) and, for simulation, over virtual time; both pass `test/contract/bus`.
 *
 * What implementations promise:
 * 1. `publish` is at most once and silent when disconnected; only `append` knows that something is stored.
 * 2. `append` resolves only with the server's word. `bus-timeout` and `bus-closed` mean *unknown*, not *no*,
 *    unless `details.sent` is false: then nothing left, because the connection was down at the call.
 * 3. `wrong-last-sequence` means that the server refused, in this attempt, to store at that expectation;
 *    an earlier attempt of the same message may still stand there: look.
 * 4. Subscriptions survive reconnects, with a gap: `onStatus` says `connected` after each, and whoever must not
 *    miss anything reads the stream from where it was.
 * 5. `read` yields each stored message once, in order, also over reconnects and server restarts. Where that
 *    cannot be kept it throws: `stream-missing`, or `stream-changed` (created anew, or its end was lost).
 * 6. While the connection is down, what wants an answer rejects at once with `bus-closed`, and what waits for
 *    one does when it is lost; `details.reason` says `disconnected` (a retry can help) or `closed`.
 * 7. A missing right is `bus-forbidden`; any other refusal of the server is `bus-refused` with its words.
 */

export type Payload = Uint8Array;
export type Headers = Readonly<Record<string, string>>;

/** A message as it was delivered. */
export interface Delivery {
  readonly subject: string;
  readonly payload: Payload;
  readonly headers: Headers;
  /** Where an answer would go; absent when none is awaited. */
  readonly replyTo?: string;
  /** Sends an answer, at most once and silently when nobody waits. */
  respond(payload: Payload, headers?: Headers): void;
}

/** A message as it stands in a stream. */
export interface Stored {
  readonly stream: string;
  readonly seq: number;
  readonly subject: string;
  readonly payload: Payload;
  readonly headers: Headers;
  /** The server's time of storing, milliseconds since the epoch. */
  readonly at: number;
}

export interface Appended {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

export interface AppendOptions {
  /** Refuse unless the stream's last sequence is this. */
  readonly expectLastSeq?: number;
  /** Refuse unless the subject's last sequence is this (0: none). */
  readonly expectLastSubjectSeq?: number;
  /** Id by which the server drops copies within its duplicate window; never relied on for safety. */
  readonly messageId?: string;
  readonly headers?: Headers;
  readonly timeoutMs?: number;
}

/** Beyond its bounds the newest deliveries are dropped, and the status `slow-consumer` says so. */
export interface Subscription extends AsyncIterable<Delivery> {
  /** Ends the iteration at once; what was not read is dropped. */
  close(): void;
}

/** A stream as it should be. Sizes in bytes, ages in milliseconds; absent means without limit. */
export interface StreamSpec {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage: 'file' | 'memory';
  readonly maxPerSubject?: number;
  readonly maxAgeMs?: number;
  readonly maxBytes?: number;
  readonly noAck?: boolean;
  readonly allowDirect?: boolean;
  readonly duplicateWindowMs?: number;
  /** What is stored is published again on `to` (a subject pattern), with its sequence in headers. */
  readonly republish?: { readonly from: string; readonly to: string };
}

export interface StreamInfo {
  readonly name: string;
  /** The server's creation time, verbatim: a re-created stream has another. */
  readonly created: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly messages: number;
  readonly bytes: number;
}

/** One message: by its sequence, the last one of a subject (pattern), or the first one from a sequence on. */
export type MessageQuery =
  | { readonly seq: number }
  | { readonly lastBySubject: string }
  | { readonly nextBySubject: string; readonly fromSeq: number };

export interface PageOptions {
  readonly fromSeq: number;
  readonly subject?: string;
  /** In messages; 0 only counts. */
  readonly limit: number;
  /** The page ends before its payloads would have more than so many bytes; it has one message at least. */
  readonly maxBytes?: number;
}

export interface Page {
  readonly messages: Stored[];
  /** Nothing up to there was left out. */
  readonly scannedTo: number;
  /** The stream's last sequence. */
  readonly lastSeq: number;
  /**
   * How many more matched behind those, when the server counted: as the reading began. 0 when and only when none did; beyond
   * that a nats-server before 2.10 miscounts where several subjects match.
   */
  readonly pending: number;
}

export type BusStatus = 'connected' | 'disconnected' | 'closed' | 'slow-consumer';

export interface ServerInfo {
  readonly version: string;
  readonly url: string;
  readonly maxPayloadBytes: number;
}

export interface Streams {
  /** Creates the stream or brings it to the spec; never deletes. Says what it did. */
  ensure(spec: StreamSpec): Promise<'created' | 'updated' | 'unchanged'>;
  /** Undefined when there is no such stream. */
  info(name: string): Promise<StreamInfo | undefined>;
  get(stream: string, query: MessageQuery): Promise<Stored | undefined>;
  /** Up to `limit` messages from `fromSeq` on, oldest first. */
  page(stream: string, options: PageOptions): Promise<Page>;
  /** The subjects under a pattern of which messages stand in the stream, and how many. */
  subjects(stream: string, pattern: string): Promise<Map<string, number>>;
  /**
   * Every message from `fromSeq` on, and then those to come; ends without an error when the signal aborts.
   * Errors: see 5; `bus-closed` when the bus is closed.
   */
  read(
    stream: string,
    options: { fromSeq: number; subject?: string },
    signal: AbortSignal,
  ): AsyncIterable<Stored>;
  /**
   * Removes what stands below the sequence `before`, or all under a subject pattern, and says how many messages
   * those were. Where `before` is past the stream's end, the stream is empty afterwards and its next message gets
   * that very sequence, also over a restart of the server: so a stream is restored at its old sequences. A
   * nats-server before 2.10 then refuses every right `expectLastSeq` on that stream until it is restarted.
   */
  purge(stream: string, what: { before: number } | { subject: string }): Promise<number>;
  /** Removes one message; false when none stands there. What comes after it keeps its sequence. */
  remove(stream: string, seq: number): Promise<boolean>;
  /** The account's streams whose names begin so, in the order of their names. */
  names(prefix: string): Promise<string[]>;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly headers?: Headers;
  readonly signal?: AbortSignal;
  /**
   * Asks once more after so many ms without an answer, and then each time after twice as many. For what may be asked
   * twice, where several serve in turn and one of them may hang.
   */
  readonly againAfterMs?: number;
}

export interface Bus {
  readonly account: 'core' | 'swarm';
  server(): ServerInfo;
  isConnected(): boolean;
  /** Calls back on every change of the connection, until the returned function is called. */
  onStatus(listener: (status: BusStatus) => void): () => void;
  publish(subject: string, payload: Payload, headers?: Headers): void;
  /** The first answer. Errors: `bus-timeout`, `no-responder`, `bus-closed`. */
  request(subject: string, payload: Payload, options: RequestOptions): Promise<Delivery>;
  subscribe(subject: string, options?: { queue?: string }): Subscription;
  /** Publishes into a stream and waits for the server's word. Needs no right but to publish. */
  append(subject: string, payload: Payload, options?: AppendOptions): Promise<Appended>;
  /** Reading and configuring streams: only for those with rights on `$JS.API`. */
  readonly streams: Streams;
  /** Resolves when all that was published before has reached the server. */
  flush(): Promise<void>;
  /** Lets go: subscriptions end, what is buffered is sent if the server takes it within `timeoutMs`. */
  close(timeoutMs?: number): Promise<void>;
}
