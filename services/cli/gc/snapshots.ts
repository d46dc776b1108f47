/**
 * Snapshots older than the two newest, and, where somebody asks for it, the journal before the older of two that
 * verify: that history is gone for good then.
 */
import { openJournal } from '../../../shared/bus/journal.ts';
import { journalFloor } from '../../../shared/bus/journal-floor.ts';
import type { StreamInfo } from '../../../shared/bus/port.ts';
import { openSnapshots } from '../../../shared/bus/snapshots.ts';
import { streamNames } from '../../../shared/bus/topology.ts';
import { systemClock } from '../../../shared/clock.ts';
import { randomId } from '../../../shared/random.ts';
import type { Freed, GcKind } from './freed.ts';
import type { GcScope } from './scope.ts';

const KEPT = 2;

export async function freeSnapshots(scope: GcScope): Promise<Freed> {
  const { core, project } = scope;
  const { manifests } = await openSnapshots(core, project, randomId).list();
  const kept = manifests.slice(0, KEPT);
  if (kept.length < KEPT) return { kind: 'snapshots', count: 0, bytes: 0, notes: [] };
  const before = Math.min(...kept.map(({ first_seq }) => first_seq));
  return purge(scope, 'snapshots', streamNames(project).snapshots, before);
}

export async function freeJournal(scope: GcScope): Promise<Freed> {
  const { core, project } = scope;
  const journal = openJournal(core, project, systemClock);
  const floor = await journalFloor(journal, openSnapshots(core, project, randomId));
  if (floor > 0) return purge(scope, 'journal', streamNames(project).journal, floor);
  const note = `the journal stays: it is needed back to the older of ${KEPT} snapshots that verify, and there are not so many`;
  return { kind: 'journal', count: 0, bytes: 0, notes: [note] };
}

/** Removes what stands below `before`. What it takes is estimated by its share of the stream. */
async function purge({ core, isDry }: GcScope, kind: GcKind, name: string, before: number): Promise<Freed> {
  const info = await core.streams.info(name);
  if (info === undefined || before <= info.firstSeq) return { kind, count: 0, bytes: 0, notes: [] };
  if (isDry) return { kind, ...estimate(info, before), notes: [] };
  const count = await core.streams.purge(name, { before });
  const after = await core.streams.info(name);
  return { kind, count, bytes: Math.max(0, info.bytes - (after?.bytes ?? 0)), notes: [] };
}

function estimate({ firstSeq, lastSeq, messages, bytes }: StreamInfo, before: number) {
  const share = Math.min(1, (before - firstSeq) / Math.max(1, lastSeq - firstSeq + 1));
  return { count: Math.round(messages * share), bytes: Math.round(bytes * share) };
}
