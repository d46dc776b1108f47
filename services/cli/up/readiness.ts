/**
 * When a swarm is ready: its leader answers, each lane's tip is known (a committer opened it), and each agent's
 * beat comes from the process that is supervised here. Pure.
 */
import type { QueryAnswerOf, ReadAnswerOf } from '../../../schemas/index.ts';

export interface Seen {
  /** Absent: no leader answers. */
  readonly status?: Pick<QueryAnswerOf<'status'>, 'lanes' | 'config' | 'term'>;
  readonly beats?: ReadAnswerOf<'beats'>['beats'];
  /** Pid of each supervised agent; undefined while it doesn't run. */
  readonly pids: ReadonlyMap<string, number | undefined>;
  readonly host: string;
}

/** `name`: who isn't ready; `why` in words. */
export interface Missing {
  readonly name: string;
  readonly why: string;
}

/** What is still missing, in the order of starting; empty when all is ready. */
export function missingParts(seen: Seen): Missing[] {
  const { status, beats = [], pids, host } = seen;
  if (status === undefined) return [{ name: 'orchestrator', why: 'no leader answers yet' }];
  const missing: Missing[] = [];
  for (const lane of Object.keys(status.config.lanes)) {
    if (status.lanes[lane]?.tip === undefined)
      missing.push({ name: `lane ${lane}`, why: 'no committer has opened it yet' });
  }
  for (const [name, pid] of pids) {
    const last = beats.find(({ agent }) => agent === name)?.beat;
    const isOurs = last !== undefined && last.pid === pid && last.place.host === host;
    if (!isOurs || last.state === 'gone') missing.push({ name, why: 'no beat of it came yet' });
  }
  return missing;
}
