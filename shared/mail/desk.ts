/**
 * What an agent can do with mail, whichever way it is connected: over the bus (`bus-desk.ts`), or over the socket that a
 * worker gives its harness (`socket-desk.ts`). Both pass `test/contract/mail`; commands, MCP tools and the socket
 * server stand on this port alone, so that they say the same over each.
 *
 * 1. A `send` that resolved is stored; one that rejected may be, and repeating the same draft stores it once (`id`).
 * 2. Order and cursors are those of MAIL's sequences, never of clocks.
 * 3. Direct mail is public in every mode: anybody may read it. What reading leaves behind (receipts) counts for the
 *    recipient alone.
 * 4. Handing a mail to its recipient (log, watch, inbox, search, thread) makes it delivered; `read` makes it read.
 */
import type { Letter, MailRecord, ReceiptState } from '../../schemas/index.ts';
import type { MailTarget } from '../bus/subjects.ts';

/** What is to be sent, checked already (`draft.ts`). */
export interface MailDraft {
  /** Drops copies: one per mail, the same in every try. */
  readonly id: string;
  readonly to: MailTarget;
  /** As it was typed, or a JSON text. */
  readonly body: string;
  readonly replyTo?: string;
  readonly priority?: 'low' | 'normal' | 'high';
  readonly tags?: readonly string[];
  readonly ackWithinMs?: number;
  /** Default: this machine's name. */
  readonly host?: string;
}

/** Which mails. */
export interface MailChoice {
  /** Without one: of every topic, or of topics and agents with `everything`. */
  readonly target?: MailTarget;
  readonly everything?: boolean;
  readonly from?: string;
}

/** Milliseconds since the epoch by the senders' clocks, inclusive; or everything from that mail on (its sequence). */
export type Since = { readonly at: number } | { readonly seq: number };

export interface LogQuery extends MailChoice {
  /** The newest so many; 0: all. */
  readonly limit: number;
  readonly since?: Since;
}

export interface WatchQuery extends MailChoice {
  /** What comes after this sequence; absent: from now on. */
  readonly after?: number;
}

export interface InboxQuery {
  /** 0: all of the newest 1,000. */
  readonly limit: number;
  readonly unreadOnly?: boolean;
  /** A body of more than 64 KiB is left out, with a word where to have it. */
  readonly brief?: boolean;
}

export interface Watched {
  readonly record: MailRecord;
  /** How many sequences of MAIL the reader is behind. */
  readonly lag: number;
}

/** `{name, host?, status?, first_seen, last_seen}` is the seed's; the rest is there for those with a heartbeat. */
export interface WhoRecord {
  readonly name: string;
  readonly host?: string;
  readonly status?: string;
  /** RFC 3339. */
  readonly first_seen: string;
  readonly last_seen: string;
  readonly role?: string;
  readonly harness?: string;
  readonly state?: string;
  readonly task?: string;
  /** RFC 3339: when its harness last printed something. */
  readonly last_output?: string;
}

export interface TopicRecord {
  readonly name: string;
  readonly messages: number;
  /** RFC 3339. */
  readonly last_activity: string;
}

export interface InboxItem {
  readonly record: MailRecord;
  readonly state: 'unread' | 'read' | 'acknowledged';
}

/** What became of a mail. */
export interface Trace {
  readonly record: MailRecord;
  /** By reader, in the order they happened. */
  readonly receipts: readonly { readonly by: string; readonly state: ReceiptState; readonly time: string }[];
  /** Absent when nobody watches its delivery (any more). */
  readonly letter?: Pick<Letter, 'state' | 'ack_by' | 'why'>;
}

export interface DeadLetter {
  readonly record: MailRecord;
  readonly why: 'unknown' | 'unseen';
}

export interface MailDesk {
  readonly agent: string;
  readonly project: string;
  send(draft: MailDraft, signal?: AbortSignal): Promise<MailRecord>;
  /** Oldest first; `last` is the sequence up to which was looked: where a watch goes on. */
  log(
    query: LogQuery,
    signal?: AbortSignal,
  ): Promise<{ readonly records: readonly MailRecord[]; readonly last: number }>;
  /** Each mail once, in order, until the signal aborts; over reconnects and restarts of the bus. */
  watch(query: WatchQuery, signal: AbortSignal): AsyncIterable<Watched>;
  /** By name. */
  who(signal?: AbortSignal): Promise<readonly WhoRecord[]>;
  topics(signal?: AbortSignal): Promise<readonly TopicRecord[]>;
  /** The own name is in use from here on; without one a free name is found. Errors: `name-taken`. */
  register(name: string | undefined, signal?: AbortSignal): Promise<WhoRecord>;
  /** The own status. */
  status(signal?: AbortSignal): Promise<string | undefined>;
  setStatus(text: string | undefined, signal?: AbortSignal): Promise<void>;
  /** Mail to the own name: unread first, then by age. */
  inbox(query: InboxQuery, signal?: AbortSignal): Promise<readonly InboxItem[]>;
  /** Errors: `mail-unknown`. */
  read(seq: number, signal?: AbortSignal): Promise<MailRecord>;
  ack(seq: number, signal?: AbortSignal): Promise<MailRecord>;
  trace(seq: number, signal?: AbortSignal): Promise<Trace>;
  /** The whole conversation that a mail belongs to, oldest first. */
  thread(seq: number, signal?: AbortSignal): Promise<readonly MailRecord[]>;
  /** The newest mails whose body, sender or tags hold the text, whatever its case; oldest first. */
  search(
    query: { readonly text: string; readonly limit: number } & MailChoice,
    signal?: AbortSignal,
  ): Promise<readonly MailRecord[]>;
  deadLetters(signal?: AbortSignal): Promise<readonly DeadLetter[]>;
  /** A dead letter is watched anew; with `to` a copy goes there, whose record is the answer. */
  redeliver(seq: number, to: string | undefined, signal?: AbortSignal): Promise<MailRecord>;
  close(): Promise<void>;
}
