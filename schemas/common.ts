/**
 * Building blocks of the wire contract. The schema files are the single declaration of every message:
 * the TypeScript type, the validator (`generated/validators.ts`) and the JSON Schema come from here.
 *
 * Only `generate.ts` and the tests load these files at run time; everything else imports their types and
 * the generated validators, so the schema library is not a run-time dependency.
 *
 * Convention: what crosses the wire or lies in a file is snake_case, with units in names (`_ms`, `_bytes`);
 * times are milliseconds since the epoch (`_at`).
 */
import { type TProperties, type TSchema, Type } from 'typebox';
import {
  COMMIT_PATTERN,
  GATE_PATTERN,
  ID_PATTERN,
  INLINE_TEXT_LIMIT,
  LINE_LIMIT,
  LIST_LIMIT,
  NAME_PATTERN,
  SHA256_PATTERN,
  TASK_ID_PATTERN,
} from './limits.ts';

/** An object that refuses keys it does not know. */
export const Strict = <T extends TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

/** One of a fixed list of words. */
export const Words = <const T extends readonly string[]>(words: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...words] });

export const Version = Type.Literal(1);
export const Name = Type.String({ pattern: NAME_PATTERN });
export const TaskId = Type.String({ pattern: TASK_ID_PATTERN });
export const GateName = Type.String({ pattern: GATE_PATTERN });
export const Id = Type.String({ pattern: ID_PATTERN });
export const Commit = Type.String({ pattern: COMMIT_PATTERN });
export const Line = Type.String({ minLength: 1, maxLength: LINE_LIMIT });
export const Text = Type.String({ maxLength: INLINE_TEXT_LIMIT });
export const Count = Type.Integer({ minimum: 0 });
export const Fence = Type.Integer({ minimum: 1 });
export const Millis = Type.Integer({ minimum: 0 });
export const List = <T extends TSchema>(item: T) => Type.Array(item, { maxItems: LIST_LIMIT });

/** A file in FILES: who wrote it, its SHA-256, its size and how many chunks hold it. */
export const FileRef = Strict({
  owner: Name,
  sha256: Type.String({ pattern: SHA256_PATTERN }),
  size_bytes: Count,
  chunks: Type.Integer({ minimum: 1 }),
});
export type FileRef = Type.Static<typeof FileRef>;

/**
 * What a run cost, as far as its harness tells. `input_tokens`: all that the model read, from a cache or not;
 * `cached_input_tokens`: those of them that came from a cache. `output_tokens`: all that it wrote, its reasoning too.
 */
export const Usage = Strict({
  input_tokens: Type.Optional(Count),
  cached_input_tokens: Type.Optional(Count),
  output_tokens: Type.Optional(Count),
  cost_usd: Type.Optional(Type.Number({ minimum: 0 })),
  duration_ms: Type.Optional(Millis),
});
export type Usage = Type.Static<typeof Usage>;

/** How a run ended: a class with evidence, never an exit code alone (DESIGN 4). */
export const Outcome = Words([
  'completed',
  'no_change',
  'blocked',
  'needs_input',
  'rate_limited',
  'auth_failed',
  'env_failed',
  'crashed',
  'timed_out',
  'killed',
  'fenced',
]);
export type Outcome = Type.Static<typeof Outcome>;

/** What a worker's harness does with a grant: that one task, or one task after another until none is left. */
export const Mode = Words(['single-task', 'continuous']);
export type Mode = Type.Static<typeof Mode>;

/** One part of what a harness was told: what it is, where it came from, and the hash of its text. */
export const PromptPart = Strict({
  part: Name,
  source: Line,
  sha256: Type.String({ pattern: SHA256_PATTERN }),
  bytes: Count,
});
export type PromptPart = Type.Static<typeof PromptPart>;

/** How much of an account's allowance is used, as its harness tells: 0 to 1, until it begins anew. */
export const Quota = Strict({
  used: Type.Number({ minimum: 0, maximum: 1 }),
  resets_at: Type.Optional(Millis),
});
export type Quota = Type.Static<typeof Quota>;

/** What a worker notes of a run beside its end: what decided its class, and what its harness was told. */
export const RunNote = Strict({
  harness: Type.Optional(Name),
  model: Type.Optional(Line),
  mode: Type.Optional(Mode),
  /** The class, as the worker saw it. */
  outcome: Type.Optional(Outcome),
  /** What decided the class, most telling first. */
  evidence: Type.Optional(Type.Array(Line, { maxItems: 16 })),
  prompts: Type.Optional(Type.Array(PromptPart, { maxItems: 64 })),
  /** The whole prompt's hash. */
  prompt_sha256: Type.Optional(Type.String({ pattern: SHA256_PATTERN })),
  /** The harness's own name for its conversation, by which it can be resumed. */
  session: Type.Optional(Line),
  exit_code: Type.Optional(Type.Integer()),
  quota: Type.Optional(Quota),
});
export type RunNote = Type.Static<typeof RunNote>;

/** The stored result of one gate. */
export const Evidence = Strict({
  gate: GateName,
  status: Words(['green', 'red']),
  exit_code: Type.Optional(Type.Integer()),
  duration_ms: Millis,
  commit: Type.Optional(Commit),
  tail: Type.Optional(Type.String({ maxLength: 8192 })),
  log: Type.Optional(FileRef),
});
export type Evidence = Type.Static<typeof Evidence>;
