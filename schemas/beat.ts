/**
 * Beat: an agent's heartbeat on `wg.<p>.beat.<agent>`, every third of a lease. Ages come from a monotonic
 * clock, never from wall times; a beat renews only the grants it lists.
 */
import { Type } from 'typebox';
import { Place } from './claim.ts';
import { Count, Fence, Id, Line, List, Millis, Name, Strict, TaskId, Usage, Version } from './common.ts';
import { Role } from './config.ts';

export const BeatGrant = Strict({
  task: TaskId,
  fence: Fence,
  run: Id,
  phase: Line,
  output_age_ms: Type.Optional(Millis),
  output_bytes: Count,
  usage: Type.Optional(Usage),
  profile: Type.Optional(Name),
});
export type BeatGrant = Type.Static<typeof BeatGrant>;

export const Beat = Strict({
  v: Version,
  kind: Type.Literal('beat'),
  role: Role,
  incarnation: Id,
  place: Place,
  pid: Count,
  version: Line,
  profile: Type.Optional(Name),
  state: Line,
  every_ms: Millis,
  uptime_ms: Millis,
  grants: List(BeatGrant),
});
export type Beat = Type.Static<typeof Beat>;
