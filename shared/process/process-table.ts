/**
 * What the system knows of its processes, from /proc (Linux) or `ps` (macOS). Both give the same entries;
 * the second works on Linux too, which is how the tests reach it.
 *
 * 1. `startedAt` is a token, compared only for equality: pid and token together name one process for ever.
 *    On Linux it holds the boot id, because ticks since boot mean nothing after the next one.
 * 2. A zombie is an entry, marked so: its pid cannot be reused yet, but it does nothing any more.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

export interface ProcessEntry {
  readonly pid: number;
  /** Process group id. */
  readonly pgid: number;
  readonly startedAt: string;
  readonly zombie: boolean;
}

export interface ProcessTable {
  /** Names this boot of the machine. */
  boot(): Promise<string>;
  /** Undefined when there is no such process. */
  entry(pid: number): Promise<ProcessEntry | undefined>;
  all(): Promise<ProcessEntry[]>;
  /** Pids of those whose arguments, after the program's name, are exactly `args`. */
  withArguments(args: readonly string[]): Promise<number[]>;
}

const run = promisify(execFile);

let linuxBoot: string | undefined;

function readLinuxBoot(): string {
  linuxBoot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return linuxBoot;
}

/** Parses one `/proc/<pid>/stat`; the command's name may hold blanks and parentheses. */
export function parseStat(stat: string, boot: string): ProcessEntry | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , pgid] = fields;
  const ticks = fields[19];
  if (state === undefined || pgid === undefined || ticks === undefined) return undefined;
  return {
    pid: Number.parseInt(stat, 10),
    pgid: Number(pgid),
    startedAt: `${ticks}@${boot}`,
    zombie: state === 'Z' || state === 'X',
  };
}

function readStat(pid: number | string): ProcessEntry | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'), readLinuxBoot());
  } catch (error) {
    // ESRCH: it ended between open and read.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

/** The arguments, program's name included, each ended by a NUL; empty when it ended or is not ours to see. */
function readArguments(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return '';
    throw error;
  }
}

const listedPids = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name));

export const procTable: ProcessTable = {
  boot: async () => readLinuxBoot(),
  entry: async (pid) => readStat(pid),
  all: async () =>
    listedPids()
      .map(readStat)
      .filter((entry) => entry !== undefined),
  withArguments: async (args) => {
    const wanted = args.map((arg) => `${arg}\0`).join('');
    const hasWanted = (line: string): boolean => line !== '' && line.slice(line.indexOf('\0') + 1) === wanted;
    return listedPids()
      .filter((pid) => hasWanted(readArguments(pid)))
      .map(Number);
  },
};

// Start times are printed in local time and words: without a fixed zone and locale they would not compare.
const psEnvironment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };
const psColumns = ['-o', 'pid=', '-o', 'pgid=', '-o', 'stat=', '-o', 'lstart='];

async function psLines(args: readonly string[]): Promise<string[]> {
  const options = { env: psEnvironment, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await run('ps', args, options).catch((error: { code?: unknown }) => {
    // 1: no process matched.
    if (error.code === 1) return { stdout: '' };
    throw error;
  });
  return stdout.split('\n');
}

async function ps(selection: readonly string[]): Promise<ProcessEntry[]> {
  return (await psLines([...selection, ...psColumns])).flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*\S)/.exec(line);
    if (match === null) return [];
    const [, pid, pgid, state = '', startedAt = ''] = match;
    return [{ pid: Number(pid), pgid: Number(pgid), startedAt, zombie: state.startsWith('Z') }];
  });
}

let macBoot: string | undefined;

export const psTable: ProcessTable = {
  boot: async () => {
    macBoot ??= (await run('sysctl', ['-n', 'kern.bootsessionuuid'], { env: psEnvironment })).stdout.trim();
    return macBoot;
  },
  entry: async (pid) => (await ps(['-p', String(pid)])).at(0),
  all: () => ps(['-A']),
  withArguments: async (args) => {
    // Arguments are joined by blanks here; none of ours hold what would make that ambiguous.
    const end = ` ${args.join(' ')}`;
    const lines = await psLines(['-A', '-ww', '-o', 'pid=', '-o', 'args=']);
    return lines.filter((line) => line.endsWith(end)).map((line) => Number.parseInt(line, 10));
  },
};

/** The table of this machine. */
export const processTable: ProcessTable = process.platform === 'linux' ? procTable : psTable;
