/**
 * Mail: what agents and people write to topics and to each other. Sender and target are the subject's
 * tokens, never payload fields (DESIGN 3). A mail to `orchestrator` with kind `report` carries a report. A receipt's
 * target is the sequence of the mail that it is about.
 */
import { Type } from 'typebox';
import { Count, FileRef, Id, Line, List, Millis, Name, Strict, Text, Version, Words } from './common.ts';
import { Report } from './report.ts';

/** How far a mail has come with one reader; each state implies those before it. */
export const ReceiptState = Words(['delivered', 'read', 'acknowledged']);
export type ReceiptState = Type.Static<typeof ReceiptState>;

export const Mail = Strict({
  v: Version,
  id: Id,
  kind: Words(['message', 'notice', 'report', 'receipt']),
  at: Millis,
  body: Type.Optional(Text),
  /** The body, where it is longer than a message may carry (text, UTF-8). */
  body_file: Type.Optional(FileRef),
  report: Type.Optional(Report),
  /** Of a `receipt`: what became of the mail at `seq` with the sender of this one. */
  receipt: Type.Optional(Strict({ seq: Type.Integer({ minimum: 1 }), state: ReceiptState })),
  /** The sender wants to be acknowledged within this time from when the orchestrator saw the mail. */
  ack_within_ms: Type.Optional(Type.Integer({ minimum: 1 })),
  reply_to: Type.Optional(Line),
  priority: Type.Optional(Words(['low', 'normal', 'high'])),
  tags: Type.Optional(List(Line)),
  host: Type.Optional(Line),
  journal_seq: Type.Optional(Count),
});
export type Mail = Type.Static<typeof Mail>;

/** A mail as the read service hands it out: with sender, target and sequence taken from what is stored. */
export const StoredMail = Strict({
  seq: Type.Integer({ minimum: 1 }),
  from: Name,
  to: Strict({ kind: Words(['topic', 'agent', 'receipt']), name: Name }),
  mail: Mail,
});
export type StoredMail = Type.Static<typeof StoredMail>;

/**
 * Presence, on `wg.<p>.presence.<agent>` (memory, last one per agent): somebody without a heartbeat was here. The time
 * is the server's.
 */
export const Presence = Strict({
  v: Version,
  kind: Type.Literal('presence'),
  via: Words(['send', 'watch', 'status', 'register', 'read']),
  host: Type.Optional(Line),
});
export type Presence = Type.Static<typeof Presence>;
