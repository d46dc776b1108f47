/**
 * How messages are written on the bus, beside their schemas: content type, headers, one sentence each. A message
 * that isn't named here is written as most are: in MessagePack, with a `Content-Type`.
 */

/** What a message is written in unless its wording says otherwise; a receiver of the wire's messages takes both. */
export const CONTENT_TYPES = ['application/msgpack', 'application/json'] as const;

type Headers = Readonly<Record<string, { readonly description: string; readonly pattern?: string }>>;

export interface Wording {
  readonly summary: string;
  readonly contentType?: string;
  /** Headers beside `Content-Type`. */
  readonly headers?: Headers;
  /** The message on the wire whose schema this one has; default: the one of its own name. */
  readonly payload?: string;
}

const number = '^[0-9]+$';
const messageId: Headers = {
  'Nats-Msg-Id': { description: 'Its id: the server drops copies within a window, which nothing relies on.' },
};

/** By the name of the message. */
export const wordings: Readonly<Record<string, Wording>> = {
  Batch: {
    summary: 'Events that were decided together.',
    headers: {
      ...messageId,
      'Nats-Expected-Last-Sequence': {
        description: 'Refused unless the journal ends there: the fence between leaders.',
        pattern: number,
      },
    },
  },
  Beat: { summary: 'A sign of life of an agent, with its grants.' },
  Claim: { summary: 'Asks for a grant.' },
  ClaimAnswer: { summary: 'A grant, or why there is none.' },
  Command: { summary: 'Asks the board for a change.' },
  CommandAnswer: { summary: 'What the change came to.' },
  Control: { summary: 'Tells a running agent what to do.' },
  ControlAnswer: { summary: 'Whether it did.' },
  LeaderNotice: { summary: 'Who leads, and since which term.' },
  LiveMail: {
    summary: 'A mail as the server publishes it again, with its place in MAIL.',
    contentType: 'application/json',
    payload: 'Mail',
    headers: {
      ...messageId,
      'Nats-Stream': { description: 'The stream that stores it.' },
      'Nats-Subject': { description: 'The subject under which it is stored.' },
      'Nats-Sequence': { description: 'Its sequence there.', pattern: number },
      'Nats-Last-Sequence': {
        description: 'The sequence of the mail before it on the same subject, 0 for none: a gap shows.',
        pattern: number,
      },
    },
  },
  Mail: {
    summary: 'A message, a notice of the board, a report or a receipt. In JSON, so that people can read it.',
    contentType: 'application/json',
    headers: messageId,
  },
  Output: { summary: 'A piece of what a harness prints.' },
  Presence: { summary: 'A sign of life of somebody without a heartbeat.' },
  Query: { summary: 'Asks the board a question.' },
  QueryAnswer: { summary: 'The answer, with the term and the sequence of the journal it is true for.' },
  Read: { summary: 'Asks for what the streams hold.' },
  ReadAnswer: { summary: 'What they hold, checked against its schema.' },
};

/** Messages that have no schema on the wire. One that gets a schema in the message table has that as its payload. */
export const rawMessages: Readonly<Record<string, Wording>> = {
  FileChunk: {
    summary: 'Bytes of a file. The whole has the digest in the subject.',
    contentType: 'application/octet-stream',
  },
  LeaderMark: {
    summary: 'Who holds a role, how often it says so, and whether it has given it up.',
    contentType: 'application/json',
  },
  Snapshot: { summary: 'The state of the board up to a batch.' },
};
