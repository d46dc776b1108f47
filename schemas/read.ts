/**
 * Read: stored mail, file chunks, harness output and last beats, handed out by every orchestrator
 * (`wg.<p>.read.<agent>`), because agents hold no rights on `$JS.API` (DESIGN 2.2).
 */
import { Type } from 'typebox';
import { Beat } from './beat.ts';
import { Count, Id, Line, Millis, Name, Strict, Text, Version, Words } from './common.ts';
import { SHA256_PATTERN } from './limits.ts';
import { StoredMail } from './mail.ts';

const head = { v: Version };
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 }));
export const Read = Type.Union([
  /**
   * Mail after a sequence; `last` asks for the newest N instead, of those below `before` where that is given: in that
   * answer `scanned_to` is the lower end, and nothing above it and below `before` was left out. Without a target: mail
   * to topics and agents, no receipts.
   */
  Strict({
    ...head,
    kind: Type.Literal('mail'),
    target: Type.Optional(Strict({ kind: Words(['topic', 'agent', 'receipt']), name: Name })),
    /** Of this kind of target only, whatever its name; not beside `target`. */
    family: Type.Optional(Words(['topic', 'agent', 'receipt'])),
    from: Type.Optional(Name),
    after: Type.Optional(Count),
    last: Type.Optional(Count),
    before: Type.Optional(Count),
    limit: Limit,
  }),
  Strict({
    ...head,
    kind: Type.Literal('chunk'),
    owner: Name,
    sha256: Type.String({ pattern: SHA256_PATTERN }),
    n: Count,
  }),
  Strict({
    ...head,
    kind: Type.Literal('output'),
    agent: Name,
    run: Type.Optional(Id),
    after: Count,
    limit: Limit,
  }),
  Strict({ ...head, kind: Type.Literal('beats') }),
  Strict({ ...head, kind: Type.Literal('topics') }),
  /** Whoever MAIL, BEAT or presence know of. */
  Strict({ ...head, kind: Type.Literal('sightings') }),
]);
export type Read = Type.Static<typeof Read>;

const answer = { v: Version };
export const ReadAnswer = Type.Union([
  Strict({
    ...answer,
    kind: Type.Literal('mail'),
    mails: Type.Array(StoredMail),
    scanned_to: Count,
    last: Count,
  }),
  Strict({
    ...answer,
    kind: Type.Literal('chunk'),
    data: Type.Unsafe<Uint8Array>(Type.Any()),
  }),
  Strict({
    ...answer,
    kind: Type.Literal('output'),
    chunks: Type.Array(Strict({ seq: Count, run: Id, at: Millis, text: Type.String() })),
    scanned_to: Count,
    last: Count,
  }),
  Strict({
    ...answer,
    kind: Type.Literal('beats'),
    beats: Type.Array(Strict({ agent: Name, age_ms: Millis, beat: Beat })),
  }),
  Strict({
    ...answer,
    kind: Type.Literal('topics'),
    topics: Type.Array(Strict({ name: Name, messages: Count, last_at: Millis, last_seq: Count })),
  }),
  Strict({
    ...answer,
    kind: Type.Literal('sightings'),
    sightings: Type.Array(
      Strict({
        agent: Name,
        /** The server's times: of the first mail by that name, if any stands, and of the last sign of life. */
        first_at: Type.Optional(Millis),
        last_at: Millis,
        host: Type.Optional(Line),
        beat: Type.Optional(Beat),
      }),
    ),
  }),
  Strict({ ...answer, kind: Type.Literal('absent'), message: Text }),
  Strict({
    ...answer,
    kind: Type.Literal('refused'),
    code: Name,
    message: Text,
  }),
]);
export type ReadAnswer = Type.Static<typeof ReadAnswer>;
export type ReadAnswerOf<K extends ReadAnswer['kind']> = Extract<ReadAnswer, { kind: K }>;

/** One piece of a harness's output on OUTPUT. */
export const Output = Strict({
  v: Version,
  kind: Type.Literal('output'),
  fence: Count,
  at: Millis,
  offset: Count,
  stream: Words(['stdout', 'stderr', 'worker']),
  text: Type.String(),
});
export type Output = Type.Static<typeof Output>;

/** The leader's word on `wg.<p>.leader`: waiters send their claims again. */
export const LeaderNotice = Strict({
  v: Version,
  kind: Type.Literal('leader'),
  term: Count,
  leader: Id,
  journal_seq: Count,
  genesis: Id,
});
export type LeaderNotice = Type.Static<typeof LeaderNotice>;
