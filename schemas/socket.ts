/**
 * The agent's socket: JSON lines, one object a line (REQUIREMENTS 1.5). `send` and `watch` are the seed's to the letter;
 * every other verb takes its arguments in `args` and answers with `result`.
 */
import { Type } from 'typebox';
import { Line, Strict, Words } from './common.ts';

const Optional = Type.Optional;

/** A mail as agents and scripts know it: the object of `fmail log --json`, of the socket and of the MCP tools. */
export const MailRecord = Strict({
  /** `YYYYMMDD-HHMMSS-NNNN`; NNNN is the sequence in MAIL. */
  id: Type.String(),
  from: Type.String(),
  /** `tasks`, or `@alice`. */
  to: Type.String(),
  /** RFC 3339. */
  time: Type.String(),
  /** Any JSON; text that is JSON stands here as such (`123` as a number). */
  body: Type.Unknown(),
  reply_to: Optional(Type.String()),
  priority: Optional(Words(['low', 'normal', 'high'])),
  host: Optional(Type.String()),
  tags: Optional(Type.Array(Type.String())),
  /** Absent for what people and agents write. */
  kind: Optional(Words(['notice', 'report'])),
  /** How soon the sender wants to be acknowledged, in milliseconds. */
  ack_within_ms: Optional(Type.Integer({ minimum: 1 })),
});
export type MailRecord = Type.Static<typeof MailRecord>;

/** A request; keys that nobody knows are ignored, as the seed does. */
export const SocketRequest = Type.Object({
  cmd: Type.String(),
  req_id: Optional(Type.String()),
  project_id: Optional(Type.String()),
  agent: Optional(Type.String()),
  host: Optional(Type.String()),
  /** Of `send`. */
  to: Optional(Type.String()),
  body: Optional(Type.Unknown()),
  reply_to: Optional(Type.String()),
  priority: Optional(Type.String()),
  tags: Optional(Type.Array(Type.String())),
  /** Of `watch`: a topic, `@me`, `@alice`, or `*` for everything. */
  topic: Optional(Type.String()),
  since: Optional(Type.String()),
  /** Of all other verbs. */
  args: Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type SocketRequest = Type.Static<typeof SocketRequest>;

export const SocketErrorCode = Words([
  'invalid_request',
  'invalid_project',
  'invalid_topic',
  'invalid_agent',
  'too_large',
  'backpressure',
  'internal',
]);
export type SocketErrorCode = Type.Static<typeof SocketErrorCode>;

/**
 * One line from the server: an answer (`ok`), a mail of a watch, or an event of one (`lag`: how many sequences of MAIL
 * the reader is behind).
 */
export const SocketLine = Type.Union([
  Strict({
    ok: Type.Literal(true),
    req_id: Optional(Type.String()),
    id: Optional(Type.String()),
    result: Optional(Type.Unknown()),
    /** What the agent should know now, beside what it asked for: urgent mail waits. */
    notice: Optional(Line),
  }),
  Strict({
    ok: Type.Literal(false),
    req_id: Optional(Type.String()),
    error: Strict({
      code: SocketErrorCode,
      message: Type.String(),
      retryable: Type.Boolean(),
      /** Waggle's own code and exit code, so that a command fails alike over socket and bus. */
      cause: Optional(Strict({ code: Line, exit_code: Type.Integer({ minimum: 1, maximum: 2 }) })),
    }),
  }),
  Strict({ msg: MailRecord, lag: Optional(Type.Integer({ minimum: 0 })) }),
  Strict({ event: Type.Literal('ping'), lag: Optional(Type.Integer({ minimum: 0 })) }),
]);
export type SocketLine = Type.Static<typeof SocketLine>;
