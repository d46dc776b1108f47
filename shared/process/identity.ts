/**
 * Who a process is: its pid together with when it started, so that a reused pid is never taken for the
 * process that had it before; and where it runs: host and boot.
 */
import { hostname } from 'node:os';
import { processTable } from './process-table.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; compared only for equality. */
  readonly startedAt: string;
}

/** This machine's name. Containers have their own. */
export const hostName = (): string => hostname();

/** A random id of this boot of the machine. */
export const bootId = (): Promise<string> => processTable.boot();

/** Undefined when no process has that pid, or only a zombie. */
export async function processIdentity(pid: number): Promise<ProcessIdentity | undefined> {
  const entry = await processTable.entry(pid);
  if (entry === undefined || entry.zombie) return undefined;
  return { pid, startedAt: entry.startedAt };
}

/** Whether that very process still runs (a stopped one does, a zombie does not). */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await processIdentity(identity.pid))?.startedAt === identity.startedAt;
}
