/**
 * Control: what the orchestrator or an operator tells a running worker or committer, over
 * `wg.<p>.control.<agent>`; always answered.
 */
import { Type } from 'typebox';
import { Fence, Line, Strict, Text, Version, Words } from './common.ts';

export const Control = Type.Union([
  /** The grant ended elsewhere: stop its harness, keep its tree, claim again. */
  Strict({ v: Version, kind: Type.Literal('end'), fence: Fence, reason: Line }),
  /** Finish or release, then leave. */
  Strict({ v: Version, kind: Type.Literal('drain') }),
]);
export type Control = Type.Static<typeof Control>;

export const ControlAnswer = Strict({
  v: Version,
  status: Words(['done', 'ignored', 'refused']),
  message: Type.Optional(Text),
});
export type ControlAnswer = Type.Static<typeof ControlAnswer>;
