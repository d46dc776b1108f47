/**
 * Mail: what agents and people write to topics and to each other. Sender and target are the subject's
 * tokens, never payload fields (DESIGN 3). A mail to `orchestrator` with kind `report` carries a report.
 */
import { Type } from 'typebox';
import { Count, Id, Line, List, Millis, Name, Strict, Text, Version, Words } from './common.ts';
import { Report } from './report.ts';

export const Mail = Strict({
  v: Version,
  id: Id,
  kind: Words(['message', 'notice', 'report']),
  at: Millis,
  body: Type.Optional(Text),
  report: Type.Optional(Report),
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
  to: Strict({ kind: Words(['topic', 'agent']), name: Name }),
  mail: Mail,
});
export type StoredMail = Type.Static<typeof StoredMail>;
