/**
 * Process groups: signalling one, ending one that is ours, and ending what a dead predecessor left behind.
 *
 * 1. Ending means TERM, a grace, KILL, and waiting until no member lives; zombies that nobody reaps do not
 *    count as living.
 * 2. A group of a predecessor is touched only when its leader is provably the recorded process: while that
 *    process lives (or lies as a zombie), the kernel gives its number to nobody else.
 * 3. Once the leader is gone, a member is touched only when it proves by its environment that it belongs
 *    to the run: the number may have been given to strangers.
 */
import { readFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { ProcessIdentity } from './identity.ts';
import { type ProcessEntry, processTable } from './process-table.ts';

/** A group as it is recorded: its number and who leads it. */
export interface ProcessGroup {
  readonly pgid: number;
  readonly identity: ProcessIdentity;
}

const FIRST_POLL_MS = 10;
const LONGEST_POLL_MS = 250;
/** From this poll on the table is read: a signal alone cannot tell a zombie from the living. */
const TABLE_POLL_MS = 80;
const KILL_WAIT_MS = 5_000;

/** Signals every member; false when there is none that could be signalled. */
export function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  return send(-pgid, signal);
}

export interface TerminateOptions {
  readonly graceMs: number;
  readonly clock: Clock;
  /** When it aborts, the rest of the grace is skipped. */
  readonly hurry?: AbortSignal;
}

/**
 * Ends a group that is surely ours (its leader is our child, or lives and was verified). False when
 * members are left even 5 s after KILL.
 */
export async function terminateGroup(pgid: number, options: TerminateOptions): Promise<boolean> {
  const { graceMs, clock, hurry } = options;
  if (!signalGroup(pgid, 'SIGTERM')) return true;
  if (await waitForEnd(pgid, graceMs, clock, hurry)) return true;
  if (!signalGroup(pgid, 'SIGKILL')) return true;
  return await waitForEnd(pgid, KILL_WAIT_MS, clock);
}

/**
 * Ends the group that a dead predecessor recorded. `marker` (`NAME=value`) is a part of the environment
 * that only its processes have; members whose leader is gone are ended only where that can be read.
 * `absent`: nothing of it is left. `unproven`: a group has that number, but nothing shows that it is ours;
 * it was not touched. `survived`: members are left even after KILL.
 */
export async function endGroup(
  group: ProcessGroup,
  options: TerminateOptions & { readonly marker?: string },
): Promise<'absent' | 'ended' | 'unproven' | 'survived'> {
  const leader = await processTable.entry(group.pgid);
  if (leader !== undefined && leader.startedAt !== group.identity.startedAt) return 'absent';
  const members = await liveMembers(group.pgid);
  if (members.length === 0) return 'absent';
  if (leader !== undefined) return (await terminateGroup(group.pgid, options)) ? 'ended' : 'survived';
  const { marker } = options;
  const ours = members.filter(({ pid }) => marker !== undefined && hasInEnvironment(pid, marker));
  if (ours.length === 0) return 'unproven';
  return (await terminateEach(ours, options)) ? 'ended' : 'survived';
}

/**
 * Ends every process but this one that has `marker` (`NAME=value`) in its environment, whatever its group: what made a
 * session of its own. How many there were; none where environments cannot be read.
 */
export async function endMarked(marker: string, options: TerminateOptions): Promise<number> {
  const found = (await processTable.all()).filter(
    ({ pid, zombie }) => !zombie && pid !== process.pid && hasInEnvironment(pid, marker),
  );
  if (found.length > 0) await terminateEach(found, options);
  return found.length;
}

async function terminateEach(members: readonly ProcessEntry[], options: TerminateOptions): Promise<boolean> {
  const { graceMs, clock, hurry } = options;
  const signalLiving = async (signal: NodeJS.Signals): Promise<boolean> => {
    const found = await Promise.all(members.map(isSame));
    return members.filter((member, index) => found[index] && send(member.pid, signal)).length > 0;
  };
  const isOver = async (): Promise<boolean> => !(await Promise.all(members.map(isSame))).includes(true);
  if (!(await signalLiving('SIGTERM'))) return true;
  if (await poll(isOver, graceMs, clock, hurry)) return true;
  if (!(await signalLiving('SIGKILL'))) return true;
  return await poll(isOver, KILL_WAIT_MS, clock);
}

async function isSame(member: ProcessEntry): Promise<boolean> {
  const entry = await processTable.entry(member.pid);
  return entry !== undefined && !entry.zombie && entry.startedAt === member.startedAt;
}

async function liveMembers(pgid: number): Promise<ProcessEntry[]> {
  return (await processTable.all()).filter((entry) => entry.pgid === pgid && !entry.zombie);
}

function waitForEnd(pgid: number, withinMs: number, clock: Clock, hurry?: AbortSignal): Promise<boolean> {
  const isOver = async (polledMs: number): Promise<boolean> => {
    if (!signalGroup(pgid, 0)) return true;
    return polledMs >= TABLE_POLL_MS && (await liveMembers(pgid)).length === 0;
  };
  return poll(isOver, withinMs, clock, hurry);
}

/** Asks again, ever more slowly, until it is over (true), the time is up or there is a hurry (false). */
async function poll(
  isOver: (polledMs: number) => Promise<boolean>,
  withinMs: number,
  clock: Clock,
  hurry?: AbortSignal,
): Promise<boolean> {
  const until = clock.monotonic() + withinMs;
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(LONGEST_POLL_MS, pollMs * 2)) {
    if (await isOver(pollMs)) return true;
    const leftMs = until - clock.monotonic();
    if (leftMs <= 0 || hurry?.aborted === true) return false;
    await clock.sleep(Math.min(pollMs, leftMs), hurry).catch((error: unknown) => {
      if (hurry?.aborted !== true) throw error;
    });
  }
}

function send(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EPERM: only members that are not ours to signal are left (on macOS: only zombies).
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}

/** False also where the environment of a process cannot be read (macOS, another user's process). */
function hasInEnvironment(pid: number, marker: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(marker);
  } catch {
    return false;
  }
}
