/**
 * The report that ends a grant well.
 */
import type { AnyGrant, Report } from '../../schemas/index.ts';

export const doneReport = ({ task, fence, run }: Pick<AnyGrant, 'task' | 'fence' | 'run'>): Report => ({
  v: 1,
  kind: 'done',
  id: `r-${run}`,
  task,
  fence,
  run,
  outcome: 'completed',
});
