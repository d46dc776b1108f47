/**
 * What the board keeps about people and mail: who uses which name, and the mails whose delivery is watched.
 */
import { Type } from 'typebox';
import { Line, Millis, Name, Strict, Words } from './common.ts';

/** A mail's sequence in MAIL. */
export const MailSeq = Type.Integer({ minimum: 1 });

/**
 * A mail whose delivery is watched. `waiting`: neither delivered nor given up; `delivered`: an acknowledgement is still
 * awaited; `overdue`: it did not come in time; `dead`: nobody is there to read it.
 */
export const Letter = Strict({
  seq: MailSeq,
  /** When its sender sent it, by the sender's clock: half of its id. */
  at: Millis,
  from: Name,
  to: Strict({ kind: Words(['topic', 'agent']), name: Name }),
  state: Words(['waiting', 'delivered', 'overdue', 'dead']),
  /** Since when its recipient is waited for, in journal time. */
  since: Millis,
  ack_by: Type.Optional(Millis),
  /** Its recipient had been seen when it came: whatever is forgotten later, nobody calls them unknown. */
  known: Type.Optional(Type.Literal(true)),
  /** Why it is dead, or was before it got another chance. */
  why: Type.Optional(Words(['unknown', 'unseen'])),
});
export type Letter = Type.Static<typeof Letter>;

/** A name in use. `identity` is absent for those who only set a status. */
export const Person = Strict({
  name: Name,
  identity: Type.Optional(Line),
  host: Type.Optional(Line),
  status: Type.Optional(Line),
  first_seen: Millis,
  last_seen: Millis,
});
export type Person = Type.Static<typeof Person>;
