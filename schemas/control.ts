/**
 * Control: what the orchestrator or an operator tells a running worker or committer, over
 * `wg.<p>.control.<agent>`; always answered.
 */
import { Type } from 'typebox';
import { Fence, Id, Line, Millis, Strict, Text, Version, Words } from './common.ts';
import { INLINE_TEXT_LIMIT } from './limits.ts';

const OperatorText = Type.String({ minLength: 1, maxLength: INLINE_TEXT_LIMIT });

export const Control = Type.Union([
  /** The grant ended elsewhere: stop its harness, keep its tree, claim again. */
  Strict({ v: Version, kind: Type.Literal('end'), fence: Fence, reason: Line }),
  /** Finish or release, then leave. */
  Strict({ v: Version, kind: Type.Literal('drain') }),
  /** End the run of a live grant; its task goes back and counts nothing. */
  Strict({ v: Version, kind: Type.Literal('halt'), fence: Fence, reason: Line }),
  /** An operator's word in the prompt of the next run. `id`: a second copy changes nothing, here and below. */
  Strict({ v: Version, kind: Type.Literal('msg'), id: Id, text: OperatorText }),
  /** The same, at once: the run under way goes on in the same conversation with it, where its harness can. */
  Strict({ v: Version, kind: Type.Literal('steer'), id: Id, text: OperatorText }),
  /** Takes the place of the task's own words in the next run. */
  Strict({ v: Version, kind: Type.Literal('next_prompt'), id: Id, text: OperatorText }),
  /** Claim nothing more, for so long or until `resume`; what is in hand goes on. */
  Strict({ v: Version, kind: Type.Literal('pause'), for_ms: Type.Optional(Millis) }),
  Strict({ v: Version, kind: Type.Literal('resume') }),
  /** Finish what is in hand, however long it takes, then leave. */
  Strict({ v: Version, kind: Type.Literal('stop'), reason: Type.Optional(Line) }),
  /** End the run under way at once, its whole process group; its task goes back. Then leave. */
  Strict({ v: Version, kind: Type.Literal('kill'), reason: Type.Optional(Line) }),
]);
export type Control = Type.Static<typeof Control>;

export const ControlAnswer = Strict({
  v: Version,
  status: Words(['done', 'ignored', 'refused']),
  message: Type.Optional(Text),
  /** When what was asked for takes effect. */
  applied: Type.Optional(Words(['now', 'next_run'])),
});
export type ControlAnswer = Type.Static<typeof ControlAnswer>;
