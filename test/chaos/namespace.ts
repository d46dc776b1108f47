/**
 * A mount namespace of this program's own, so that it may have disks that are full: what is mounted there concerns nobody
 * else, and is gone when the program is, however that ends. Needs no privileges where the system allows user namespaces.
 */
import { execFileSync, spawn } from 'node:child_process';
import { constants } from 'node:os';

const WAYS: readonly (readonly string[])[] = [['--mount'], ['--user', '--map-root-user', '--mount']];

/** The way to one that works here: a command line to put before another; or why there is none. */
export function findNamespace(): { readonly prefix: readonly string[] } | { readonly why: string } {
  if (process.platform !== 'linux') return { why: `no mount namespaces on ${process.platform}` };
  let why = '';
  for (const way of WAYS) {
    const prefix = ['unshare', ...way, '--'];
    const probe = [...prefix.slice(1), 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'chaos', '/mnt'];
    try {
      execFileSync('unshare', probe, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
      return { prefix };
    } catch (error) {
      why = String((error as { stderr?: string }).stderr || (error as Error).message).trim();
    }
  }
  return { why: `nothing can be mounted here: ${why.split('\n')[0]}` };
}

/** Runs a command line to its end, handing signals on; its exit code. */
export async function runInside(argv: readonly string[]): Promise<number> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: 'inherit' });
  const handOn = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handOn);
  return await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
