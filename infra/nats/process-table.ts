/**
 * What the system knows of processes that may not be ours: whether a pid is still the process it was, and
 * which processes run with given arguments. `/proc` on Linux (slim images have no `ps`), `ps` elsewhere.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A text that stays the same for a process's life and that no later process with its pid shares; undefined
 * when there is no such process (a zombie counts as none).
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') {
    const line = await psLine(['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)]);
    const [state, ...started] = line.trim().split(/\s+/);
    return state === undefined || state === '' || state.startsWith('Z') ? undefined : started.join(' ');
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The command may hold blanks and parentheses: fields count from the last one (state is 3, start time 22).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim()} ${fields[19]}`;
}

/** The pids of all processes whose arguments, after the program's name, are exactly `args`. */
export async function processesWithArguments(args: readonly string[]): Promise<number[]> {
  if (process.platform !== 'linux') {
    const lines = (await psLine(['-A', '-ww', '-o', 'pid=', '-o', 'args='])).split('\n');
    const end = ` ${args.join(' ')}`;
    return lines.filter((line) => line.endsWith(end)).map((line) => Number.parseInt(line, 10));
  }
  const end = `\0${args.join('\0')}\0`;
  const pids: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    // It may have ended since it was listed.
    const line = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (line.indexOf(end) === line.indexOf('\0') && line.endsWith(end)) pids.push(Number(entry));
  }
  return pids;
}

async function psLine(args: string[]): Promise<string> {
  // `ps` ends with 1 when it finds no such process.
  return await run('ps', args, { env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' } }).then(
    ({ stdout }) => stdout,
    () => '',
  );
}
