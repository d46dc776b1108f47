/**
 * What becomes of a submission in a committer's hands: the report without the names of its grant.
 */
import type { ReportOf } from '../../schemas/index.ts';

export type Head = Pick<ReportOf<'committed'>, 'v' | 'id' | 'task' | 'fence' | 'run' | 'lane'>;
export type Commit = Omit<ReportOf<'committed'>, keyof Head>;
export type Bounce = Omit<ReportOf<'bounced'>, keyof Head>;
export type Outcome = Commit | Bounce;

/** As much as a report carries. */
const DETAIL_CHARACTERS = 8_192;

export const bounce = (reason: Bounce['reason'], detail: string): Bounce => ({
  kind: 'bounced',
  reason,
  detail: detail.slice(0, DETAIL_CHARACTERS),
});
